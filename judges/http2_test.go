package judges

import (
	"context"
	"crypto/tls"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/bare-go/bare"
)

const greeting = "This is what the tests of HTTP/2 ask for.\n"

// bareGreeting and plainGreeting do the same. They read the request first: the
// suite looks for faults in bodies, and who has answered no longer sees them.
func bareGreeting(request *bare.HttpRequest) bare.HttpResponse {
	if _, err := io.Copy(io.Discard, request.Reader()); err != nil {
		return bare.ErrorResponse(err)
	}
	return bare.TextResponse(http.StatusOK, greeting)
}

func plainGreeting(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, greeting) // the client may have left
}

// h2spec's results, by case: "http2/6.3/2 Sends ...".
type caseResults struct {
	passed, failed, skipped []string
}

func (r caseResults) String() string {
	return fmt.Sprintf("%d cases: %d passed, %d skipped, %d failed",
		len(r.passed)+len(r.skipped)+len(r.failed), len(r.passed), len(r.skipped), len(r.failed))
}

func TestH2specJudgesBareAsItJudgesNetHTTP(t *testing.T) {
	t.Parallel()
	program, err := buildH2spec(t.TempDir())
	if err != nil {
		absent(t, err)
	}
	tests := []struct {
		name   string
		config *tls.Config
		record string
	}{
		{"h2c", nil, "h2spec-h2c.txt"},
		{"TLS", newTLSConfig(t), "h2spec-tls.txt"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			app := bare.NewApplication()
			app.OnHttpRequest(bare.Methods{"GET", "POST"}, "/", bareGreeting)
			ours := serveBare(t, app, bare.Server{H2C: true, TLSConfig: test.config})
			plain := serveNetHTTP(t, http.HandlerFunc(plainGreeting), test.config)

			var got, want caseResults
			var both sync.WaitGroup
			both.Go(func() { got = runH2spec(t, program, ours, test.config != nil) })
			both.Go(func() { want = runH2spec(t, program, plain, test.config != nil) })
			both.Wait()

			if !slices.Equal(got.failed, want.failed) || !slices.Equal(got.skipped, want.skipped) {
				t.Errorf("bare fails\n%snet/http fails\n%sbare skips\n%snet/http skips\n%s",
					listed(got.failed), listed(want.failed), listed(got.skipped), listed(want.skipped))
			}
			checkRecord(t, test.record, fmt.Sprintf("h2spec %s over %s\n\n%-9s %s\n%-9s %s\n\nfailed by both:\n%s",
				moduleVersion(t, "github.com/summerwind/h2spec"), test.name, "bare", got, "net/http", want, listed(got.failed)))
		})
	}
}

// buildH2spec builds the suite, whose version go.mod pins.
func buildH2spec(folder string) (program string, err error) {
	program = filepath.Join(folder, "h2spec")
	build := exec.CommandContext(context.Background(), "go", "build", "-o", program, "github.com/summerwind/h2spec/cmd/h2spec")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("h2spec cannot be built: %w\n%s", err, output)
	}
	return program, nil
}

// runH2spec runs all of the suite, its strict cases included.
func runH2spec(t *testing.T, program, addr string, overTLS bool) caseResults {
	t.Helper()
	report := filepath.Join(t.TempDir(), "report.xml")
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Error(err)
		return caseResults{}
	}
	arguments := []string{"--strict", "--host", host, "--port", port, "--timeout", "5", "--junit-report", report}
	if overTLS {
		arguments = append(arguments, "--tls", "--insecure")
	}
	arguments = append(arguments, "generic", "hpack", "http2")
	said, err := hear(program, arguments...)
	if err != nil {
		t.Error(err)
		return caseResults{}
	}
	results, err := readReport(report)
	if err != nil {
		t.Errorf("%v\n%s", err, said.output)
	}
	if len(results.passed) == 0 {
		t.Errorf("no case has passed:\n%s", said.output)
	}
	return results
}

// readReport reads a report in the format of JUnit.
func readReport(path string) (caseResults, error) {
	var results caseResults
	var report struct {
		Suites []struct {
			Package string `xml:"package,attr"`
			Cases   []struct {
				Name    string    `xml:"classname,attr"`
				Failure *struct{} `xml:"failure"`
				Error   *struct{} `xml:"error"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return results, err
	}
	if err := xml.Unmarshal(text, &report); err != nil {
		return results, err
	}
	for _, suite := range report.Suites {
		for i, judged := range suite.Cases {
			name := fmt.Sprintf("%s/%d %s", suite.Package, i+1, judged.Name)
			switch {
			case judged.Failure != nil, judged.Error != nil:
				results.failed = append(results.failed, name)
			case judged.Skipped != nil:
				results.skipped = append(results.skipped, name)
			default:
				results.passed = append(results.passed, name)
			}
		}
	}
	return results, nil
}
