package main

import (
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/internal/leaktest"
)

func TestMain(m *testing.M) { os.Exit(leaktest.Run(m, os.Stderr)) }

func TestEachAnswer(t *testing.T) {
	const (
		json     = "application/json"
		problems = "application/problem+json"
	)
	tests := []struct {
		name               string
		app                func() *bare.Application
		path, posted, body string // it is a GET when posted, the content type, is empty
		status             int
		contentType, want  string
	}{
		{"the information", newApp, "/info", "", "", 200, json, `{"name":"Michael Caine"}`},
		{"a change", newApp, "/info", json, `{"name": "Peter Sellers"}`, 204, "", ""},
		{"a change of JSON with a charset", newApp, "/info", json + "; charset=utf-8", `{}`, 204, "", ""},
		{"a form", newApp, "/info", "application/x-www-form-urlencoded", "name=Peter", 415, problems, `{"title":"Unsupported Media Type","status":415,"detail":"The request body must have the content type application/json."}`},
		{"half a document", newApp, "/info", json, `{"name":`, 400, problems, `{"title":"Bad Request","status":400,"detail":"The request body is not valid JSON: see byte 8."}`},
		{"a list", newApp, "/info", json, `[]`, 400, problems, `{"title":"Bad Request","status":400,"detail":"The JSON document has the wrong form."}`},
		{"nothing", newApp, "/info", json, "", 400, problems, `{"title":"Bad Request","status":400,"detail":"The request body is empty, where a JSON document is expected."}`},
		{"another path", newApp, "/nowhere", "", "", 404, problems, `{"title":"Not Found","status":404}`},
		{"a person", newPersonApp, "/info", json, `{"name": "Peter Sellers"}`, 204, "", ""},
		{"nobody", newPersonApp, "/info", json, `{}`, 422, problems, `{"title":"Unprocessable Entity","status":422,"detail":"The name is missing."}`},
		{"a person of another form", newPersonApp, "/info", json, `{"name": 7}`, 400, problems, `{"title":"Bad Request","status":400,"detail":"The JSON value at \"name\" has the wrong form."}`},
		{"more than the limit", newLimitedApp, "/info", json, `{"name": "` + strings.Repeat("x", 1<<10) + `"}`, 413, problems, `{"title":"Request Entity Too Large","status":413}`},
		{"less than the limit", newLimitedApp, "/info", json, `{"name": "x"}`, 204, "", ""},
		{"a path in a group", newGroupedApp, "/api/v1/info", "", "", 200, json, `{"name":"Michael Caine"}`},
		{"a path outside of it", newGroupedApp, "/info", "", "", 404, problems, `{"title":"Not Found","status":404}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, protocol := range baretest.Protocols() {
				t.Run(protocol.String(), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						server := baretest.Config{Protocol: protocol}.NewServer(t, test.app())
						var stream *baretest.Stream
						if test.posted == "" {
							stream = server.Get(test.path)
						} else {
							stream = server.Post(test.path, test.posted, strings.NewReader(test.body))
						}
						got, contentType := strings.TrimSpace(stream.Rest()), stream.Response.Header.Get("Content-Type")
						if got != test.want || stream.Response.StatusCode != test.status || contentType != test.contentType {
							t.Errorf("got %d %s %s, want %d %s %s", stream.Response.StatusCode, contentType, got, test.status, test.contentType, test.want)
						}
					})
				})
			}
		})
	}
}

func TestManyClientsShareTheInformation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp())
		done := make(chan struct{})
		for range 10 {
			go func() {
				defer func() { done <- struct{}{} }()
				server.Post("/info", "application/json", strings.NewReader(`{"name": "Peter Sellers"}`)).Rest()
				server.Get("/info").Rest()
			}()
		}
		for range 10 {
			<-done
		}
	})
}
