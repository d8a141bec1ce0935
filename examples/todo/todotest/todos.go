package todotest

import (
	"net/http"
	"strings"
)

func testLife(v *visitor) {
	v.signInAsAda()
	created := v.sendJSON("POST", "/api/todos", `{"title": "Write a program"}`)
	if got := strings.TrimSpace(created.Rest()); created.Response.StatusCode != http.StatusCreated || got != `{"id":1,"title":"Write a program","done":false}` {
		v.t.Errorf("created is %d %s", created.Response.StatusCode, got)
	}
	if got := created.Response.Header.Get("Location"); got != "/api/todos/1" {
		v.t.Errorf("it is at %q", got)
	}
	v.want("POST", "/api/todos", `{"title": "Test it"}`, 201, `{"id":2,"title":"Test it","done":false}`)
	v.want("GET", "/api/todos/1", "", 200, `{"id":1,"title":"Write a program","done":false}`)
	v.want("PUT", "/api/todos/1", `{"title": "Write a program", "done": true}`, 200, `{"id":1,"title":"Write a program","done":true}`)
	v.want("GET", "/api/todos", "", 200, `[{"id":1,"title":"Write a program","done":true},{"id":2,"title":"Test it","done":false}]`)
	v.want("DELETE", "/api/todos/1", "", 204, "")
	v.want("GET", "/api/todos", "", 200, `[{"id":2,"title":"Test it","done":false}]`)
	v.want("POST", "/api/todos", `{"title": "Rest"}`, 201, `{"id":3,"title":"Rest","done":false}`)
}

func testFaults(v *visitor) {
	const (
		json     = "application/json"
		noTodo   = "There is no such todo."
		tooLong  = "The title is too long."
		noTitle  = "The title is missing."
		anything = "" // what a framework says by itself
	)
	v.signInAsAda()
	for _, test := range []struct {
		name, method, path, contentType, body string
		status                                int
		message                               string
	}{
		{"a todo that is not there", "GET", "/api/todos/7", "", "", 404, noTodo},
		{"a change of one that is not there", "PUT", "/api/todos/7", json, `{"title": "x"}`, 404, noTodo},
		{"an end of one that is not there", "DELETE", "/api/todos/7", "", "", 404, noTodo},
		{"a todo that is no number", "GET", "/api/todos/seven", "", "", 404, anything},
		{"a path that is not there", "GET", "/api/nowhere", "", "", 404, anything},
		{"no title", "POST", "/api/todos", json, `{}`, 422, noTitle},
		{"a title of 101 characters", "POST", "/api/todos", json, `{"title": "` + strings.Repeat("ö", 101) + `"}`, 422, tooLong},
		{"a change without a title", "PUT", "/api/todos/7", json, `{"done": true}`, 422, noTitle},
		{"a title that is a number", "POST", "/api/todos", json, `{"title": 7}`, 400, anything},
		{"half a document", "POST", "/api/todos", json, `{"title":`, 400, anything},
		{"a document that is called text", "POST", "/api/todos", "text/plain", `{"title": "x"}`, 415, anything},
		{"a document of 11 MB", "POST", "/api/todos", json, `{"title": "` + strings.Repeat("x", 11<<20) + `"}`, 413, anything},
	} {
		stream := v.send(test.method, test.path, test.contentType, strings.NewReader(test.body))
		if got := stream.Response.StatusCode; got != test.status {
			v.t.Errorf("%s is a %d", test.name, got)
		}
		v.wantError(stream, test.status, test.message)
	}
	v.want("GET", "/api/todos", "", 200, "[]")
	v.want("POST", "/api/todos", `{"title": "`+strings.Repeat("ö", 100)+`"}`, 201, `{"id":1,"title":"`+strings.Repeat("ö", 100)+`","done":false}`)
}
