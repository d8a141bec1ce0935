package main

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
)

func TestMain(m *testing.M) {
	if os.Getenv("LISTEN_FDS") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestTheTimeComesEverySecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stream := baretest.NewServer(t, newApp()).Get("/events")
		defer stream.Close()
		for _, want := range []string{"data: 00:00:00\n\n", "data: 00:00:01\n\n"} {
			if got := stream.Next(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	})
}

// The test is systemd here: it holds the socket while the program restarts.
func TestARequestWaitsWhileTheProgramRestarts(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	tcp, ok := listener.(*net.TCPListener)
	if !ok {
		t.Fatalf("the listener is a %T", listener)
	}
	socket, err := tcp.File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()

	start := func() *exec.Cmd {
		program := exec.Command(os.Args[0])
		program.Env = append(os.Environ(), "LISTEN_FDS=1")
		program.ExtraFiles = []*os.File{socket}
		program.Stderr = t.Output()
		if err := program.Start(); err != nil {
			t.Fatal(err)
		}
		return program
	}
	ask := func() string {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String()+"/healthy", http.NoBody)
		if err != nil {
			return err.Error()
		}
		response, err := new(http.Transport).RoundTrip(request)
		if err != nil {
			return err.Error()
		}
		_ = response.Body.Close()
		return response.Status
	}
	stop := func(program *exec.Cmd) {
		if err := program.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := program.Wait(); err != nil {
			t.Error(err)
		}
	}

	program := start()
	if got := ask(); got != "204 No Content" {
		t.Fatalf("the first program answers %q", got)
	}
	stop(program)
	answer := make(chan string, 1)
	go func() { answer <- ask() }() // nobody is there
	program = start()
	if got := <-answer; got != "204 No Content" {
		t.Errorf("the request in between got %q", got)
	}
	stop(program)
}
