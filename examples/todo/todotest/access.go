package todotest

import (
	"net/http"
	"strings"
)

func testPage(v *visitor) {
	stream := v.sendJSON("GET", "/", "")
	if got := stream.Rest(); stream.Response.StatusCode != http.StatusOK || !strings.Contains(got, "<title>Todo</title>") {
		v.t.Errorf("got %d %s", stream.Response.StatusCode, got)
	}
	if got := stream.Response.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
		v.t.Errorf("it is %s", got)
	}
	v.wantError(v.sendJSON("GET", "/nowhere", ""), 404, "Not Found")
}

func testDoors(v *visitor) {
	for _, door := range [][2]string{
		{"GET", "/api/todos"},
		{"POST", "/api/todos"},
		{"GET", "/api/todos/1"},
		{"PUT", "/api/todos/1"},
		{"DELETE", "/api/todos/1"},
		{"PUT", "/api/files/name"},
		{"GET", "/api/files/name/progress"},
		{"POST", "/api/logout"},
	} {
		v.wantError(v.sendJSON(door[0], door[1], ""), 403, "Sign in first.")
	}
}

func testPasswords(v *visitor) {
	const wrong, missing = "The user or the password is wrong.", "The user or the password is missing."
	v.wantError(v.sendJSON("POST", "/login", `{"user": "ada", "password": "wrong"}`), 403, wrong)
	v.wantError(v.sendJSON("POST", "/login", `{"user": "eve", "password": "lovelace"}`), 403, wrong)
	v.wantError(v.sendJSON("POST", "/login", `{"user": "bob", "password": "lovelace"}`), 403, wrong)
	v.wantError(v.sendJSON("POST", "/login", `{"user": "ada"}`), 422, missing)
	v.wantError(v.sendJSON("POST", "/login", `{"password": "lovelace"}`), 422, missing)
	v.wantError(v.sendJSON("GET", "/api/todos", ""), 403, "Sign in first.")
}

func testLogin(v *visitor) {
	first := v.signIn("ada", "lovelace").Response.Header.Get("Set-Cookie")
	for _, part := range []string{"session=", "HttpOnly", "SameSite=Lax"} {
		if !strings.Contains(first, part) {
			v.t.Errorf("the cookie is %q, want %q in it", first, part)
		}
	}
	v.want("GET", "/api/todos", "", 200, "[]")
	second := v.signIn("ada", "lovelace").Response.Header.Get("Set-Cookie")
	token, _, _ := strings.Cut(first, ";")
	if second == "" || strings.HasPrefix(second, token) {
		v.t.Errorf("the second login has the session of the first: %s", second)
	}
}

func testLogout(v *visitor) {
	v.signInAsAda()
	v.want("POST", "/api/logout", "", 204, "")
	v.wantError(v.sendJSON("GET", "/api/todos", ""), 403, "Sign in first.")
}

func testUsers(v *visitor) {
	v.signInAsAda()
	v.want("POST", "/api/todos", `{"title": "Write a program"}`, 201, `{"id":1,"title":"Write a program","done":false}`)
	v.signIn("bob", "builder")
	v.want("GET", "/api/todos", "", 200, "[]")
	for _, method := range []string{"GET", "DELETE"} {
		v.wantError(v.sendJSON(method, "/api/todos/1", ""), 404, "There is no such todo.")
	}
	v.wantError(v.sendJSON("PUT", "/api/todos/1", `{"title": "Mine"}`), 404, "There is no such todo.")
}

func testOrigins(v *visitor) {
	preflight := func(origin, method string) http.Header {
		return v.sendJSON("OPTIONS", "/api/todos/1", "", "Origin", origin,
			"Access-Control-Request-Method", method, "Access-Control-Request-Headers", "content-type").Response.Header
	}
	for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
		got := preflight(Page, method)
		if got.Get("Access-Control-Allow-Origin") != Page || got.Get("Access-Control-Allow-Methods") != method ||
			got.Get("Access-Control-Allow-Headers") != "content-type" || got.Get("Access-Control-Allow-Credentials") != "true" {
			v.t.Errorf("the preflight of a %s is %v", method, got)
		}
	}
	if got := preflight("http://localhost:9011", "GET").Get("Access-Control-Allow-Origin"); got != "" {
		v.t.Errorf("another origin is allowed: %s", got)
	}
	refused := v.sendJSON("GET", "/api/todos", "", "Origin", Page)
	if got := refused.Response.Header.Get("Access-Control-Allow-Origin"); got != Page {
		v.t.Errorf("the origin that may read the error is %q", got)
	}
	v.wantError(refused, 403, "Sign in first.")
	v.signInAsAda()
	if got := v.sendJSON("GET", "/api/files/name/progress", "", "Origin", Page).Response.Header.Get("Access-Control-Allow-Origin"); got != Page {
		v.t.Errorf("the origin that may read the stream is %q", got)
	}
}
