package judges

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// newMCPHandler serves the tools, resources and prompts that MCP's conformance
// suite asks a server for by name.
func newMCPHandler() http.Handler {
	server := mcp.NewServer(&mcp.Implementation{Name: "judges", Version: "1.0.0"}, &mcp.ServerOptions{
		CompletionHandler: func(context.Context, *mcp.CompleteRequest) (*mcp.CompleteResult, error) {
			return &mcp.CompleteResult{Completion: mcp.CompletionResultDetails{Values: []string{}}}, nil
		},
		SubscribeHandler:   func(context.Context, *mcp.SubscribeRequest) error { return nil },
		UnsubscribeHandler: func(context.Context, *mcp.UnsubscribeRequest) error { return nil },
	})
	addTools(server)
	addResources(server)
	addPrompts(server)
	// With a store of events a client whose stream has ended can resume it.
	options := &mcp.StreamableHTTPOptions{EventStore: mcp.NewMemoryEventStore(nil)}
	return mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, options)
}

// A tool answers a call.
type tool func(ctx context.Context, request *mcp.CallToolRequest) ([]mcp.Content, error)

func addTools(server *mcp.Server) {
	tools := map[string]tool{
		"test_simple_text":                  says(text("This is a simple text response for testing.")),
		"test_image_content":                says(picture()),
		"test_audio_content":                says(&mcp.AudioContent{Data: silence(), MIMEType: "audio/wav"}),
		"test_embedded_resource":            says(embedded("test://embedded-resource")),
		"test_multiple_content_types":       says(text("Several kinds:"), picture(), embedded("test://mixed")),
		"test_tool_with_logging":            logs,
		"test_tool_with_progress":           progresses,
		"test_error_handling":               fails,
		"test_sampling":                     samples,
		"test_elicitation":                  elicits(`{"username": {"type": "string"}}`),
		"test_elicitation_sep1034_defaults": elicits(defaults),
		"test_elicitation_sep1330_enums":    elicits(enums),
		"test_reconnection":                 reconnects,
	}
	for name, answer := range tools {
		addTool(server, name, `{"type": "object"}`, answer)
	}
	addTool(server, "json_schema_2020_12_tool", `{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"type": "object",
		"$defs": {"address": {"type": "object", "properties": {"street": {"type": "string"}, "city": {"type": "string"}}}},
		"properties": {"name": {"type": "string"}, "address": {"$ref": "#/$defs/address"}},
		"additionalProperties": false
	}`, says(text("The schema is known.")))
}

func addTool(server *mcp.Server, name, schema string, answer tool) {
	described := &mcp.Tool{Name: name, Description: "A tool of the conformance suite: " + name, InputSchema: json.RawMessage(schema)}
	server.AddTool(described, func(ctx context.Context, request *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		content, err := answer(ctx, request)
		if err != nil {
			// The tool's failure, which is no failure of the protocol.
			return &mcp.CallToolResult{Content: []mcp.Content{text(err.Error())}, IsError: true}, nil
		}
		return &mcp.CallToolResult{Content: content}, nil
	})
}

// says is a tool that always answers the same.
func says(content ...mcp.Content) tool {
	return func(context.Context, *mcp.CallToolRequest) ([]mcp.Content, error) { return content, nil }
}

func fails(context.Context, *mcp.CallToolRequest) ([]mcp.Content, error) {
	return nil, errors.New("this tool fails, as it should")
}

// logs sends three messages of the log while the call is under way.
func logs(ctx context.Context, request *mcp.CallToolRequest) ([]mcp.Content, error) {
	for _, message := range []string{"started", "working", "done"} {
		entry := &mcp.LoggingMessageParams{Level: "info", Data: message} //nolint:staticcheck // deprecated; the suite asks for it
		if err := request.Session.Log(ctx, entry); err != nil {          //nolint:staticcheck // likewise
			return nil, err
		}
		pause(ctx, 50*time.Millisecond)
	}
	return []mcp.Content{text("logged")}, nil
}

// progresses tells its progress while the call is under way.
func progresses(ctx context.Context, request *mcp.CallToolRequest) ([]mcp.Content, error) {
	token := request.Params.GetProgressToken()
	for _, percent := range []float64{0, 50, 100} {
		progress := &mcp.ProgressNotificationParams{ProgressToken: token, Progress: percent, Total: 100}
		if err := request.Session.NotifyProgress(ctx, progress); err != nil {
			return nil, err
		}
		pause(ctx, 50*time.Millisecond)
	}
	return []mcp.Content{text(fmt.Sprint(token))}, nil
}

// samples asks the client's model.
func samples(ctx context.Context, request *mcp.CallToolRequest) ([]mcp.Content, error) {
	var asked struct{ Prompt string }
	if err := json.Unmarshal(request.Params.Arguments, &asked); err != nil {
		return nil, err
	}
	answer, err := request.Session.CreateMessage(ctx, &mcp.CreateMessageParams{ //nolint:staticcheck // deprecated, and the suite asks for it
		Messages:  []*mcp.SamplingMessage{{Role: "user", Content: text(asked.Prompt)}}, //nolint:staticcheck // likewise
		MaxTokens: 100,
	})
	if err != nil {
		return nil, err
	}
	said, ok := answer.Content.(*mcp.TextContent)
	if !ok {
		return nil, fmt.Errorf("the client's model answered with %T", answer.Content)
	}
	return []mcp.Content{text("The model says: " + said.Text)}, nil
}

// What the suite wants to be asked for.
const (
	defaults = `{
		"name":     {"type": "string", "default": "John Doe"},
		"age":      {"type": "integer", "default": 30},
		"score":    {"type": "number", "default": 95.5},
		"status":   {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
		"verified": {"type": "boolean", "default": true}
	}`
	enums = `{
		"untitledSingle": {"type": "string", "enum": ["option1", "option2", "option3"]},
		"titledSingle":   {"type": "string", "oneOf": [{"const": "value1", "title": "First Option"}, {"const": "value2", "title": "Second Option"}, {"const": "value3", "title": "Third Option"}]},
		"legacyEnum":     {"type": "string", "enum": ["opt1", "opt2", "opt3"], "enumNames": ["Option One", "Option Two", "Option Three"]},
		"untitledMulti":  {"type": "array", "minItems": 1, "maxItems": 3, "items": {"type": "string", "enum": ["option1", "option2", "option3"]}},
		"titledMulti":    {"type": "array", "minItems": 1, "maxItems": 3, "items": {"anyOf": [{"const": "value1", "title": "First Choice"}, {"const": "value2", "title": "Second Choice"}, {"const": "value3", "title": "Third Choice"}]}}
	}`
)

// elicits is a tool that asks the client's user for the given properties.
func elicits(properties string) tool {
	schema := json.RawMessage(`{"type": "object", "properties": ` + properties + `}`)
	return func(ctx context.Context, request *mcp.CallToolRequest) ([]mcp.Content, error) {
		answer, err := request.Session.Elicit(ctx, &mcp.ElicitParams{Message: "Please tell", RequestedSchema: schema})
		if err != nil {
			return nil, err
		}
		return []mcp.Content{text(fmt.Sprintf("The user says %s: %v", answer.Action, answer.Content))}, nil
	}
}

// reconnects ends the stream in the middle of the call: the client has to come
// back for the answer.
func reconnects(ctx context.Context, request *mcp.CallToolRequest) ([]mcp.Content, error) {
	if request.Extra != nil && request.Extra.CloseSSEStream != nil {
		request.Extra.CloseSSEStream(mcp.CloseSSEStreamArgs{RetryAfter: 10 * time.Millisecond})
	}
	pause(ctx, 100*time.Millisecond)
	return []mcp.Content{text("The client has come back.")}, nil
}

func addResources(server *mcp.Server) {
	add := func(name, contentType string, contents mcp.ResourceContents) {
		uri := "test://" + name
		contents.URI, contents.MIMEType = uri, contentType
		server.AddResource(&mcp.Resource{Name: name, Description: "A resource: " + name, MIMEType: contentType, URI: uri},
			func(context.Context, *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
				return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{&contents}}, nil
			})
	}
	add("static-text", "text/plain", mcp.ResourceContents{Text: "This is the content of the static text resource."})
	add("static-binary", "image/png", mcp.ResourceContents{Blob: pixel()})
	add("watched-resource", "text/plain", mcp.ResourceContents{Text: "This may change."})
	template := &mcp.ResourceTemplate{Name: "template", Description: "A template", MIMEType: "application/json", URITemplate: "test://template/{id}/data"}
	server.AddResourceTemplate(template, func(_ context.Context, request *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
		uri := request.Params.URI
		id := strings.TrimSuffix(strings.TrimPrefix(uri, "test://template/"), "/data")
		return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{
			{URI: uri, MIMEType: "application/json", Text: fmt.Sprintf(`{"id": %q, "templateTest": true}`, id)},
		}}, nil
	})
}

func addPrompts(server *mcp.Server) {
	add := func(name string, arguments []string, messages func(map[string]string) []mcp.Content) {
		prompt := &mcp.Prompt{Name: name, Description: "A prompt: " + name}
		for _, argument := range arguments {
			prompt.Arguments = append(prompt.Arguments, &mcp.PromptArgument{Name: argument, Description: argument, Required: true})
		}
		server.AddPrompt(prompt, func(_ context.Context, request *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			result := new(mcp.GetPromptResult)
			for _, content := range messages(request.Params.Arguments) {
				result.Messages = append(result.Messages, &mcp.PromptMessage{Role: "user", Content: content})
			}
			return result, nil
		})
	}
	add("test_simple_prompt", nil, func(map[string]string) []mcp.Content {
		return []mcp.Content{text("This is a simple prompt for testing.")}
	})
	add("test_prompt_with_arguments", []string{"arg1", "arg2"}, func(given map[string]string) []mcp.Content {
		return []mcp.Content{text(fmt.Sprintf("Prompt with arguments: arg1='%s', arg2='%s'", given["arg1"], given["arg2"]))}
	})
	add("test_prompt_with_embedded_resource", []string{"resourceUri"}, func(given map[string]string) []mcp.Content {
		return []mcp.Content{embedded(given["resourceUri"]), text("Please look at the resource.")}
	})
	add("test_prompt_with_image", nil, func(map[string]string) []mcp.Content {
		return []mcp.Content{picture(), text("Please look at the picture.")}
	})
}

func text(said string) *mcp.TextContent { return &mcp.TextContent{Text: said} }

func picture() *mcp.ImageContent {
	return &mcp.ImageContent{Data: pixel(), MIMEType: "image/png"}
}

func embedded(uri string) *mcp.EmbeddedResource {
	return &mcp.EmbeddedResource{Resource: &mcp.ResourceContents{URI: uri, MIMEType: "text/plain", Text: "What is embedded."}}
}

// pixel is a picture in the format of PNG.
func pixel() []byte {
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		panic(err) // a buffer takes everything
	}
	return encoded.Bytes()
}

// silence is a sound in the format of WAV: 8,000 samples of 16 bits a second, one
// channel, one sample.
func silence() []byte {
	return []byte("RIFF&\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data\x02\x00\x00\x00\x00\x00")
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
