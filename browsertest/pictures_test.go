package browsertest

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// largestPicture is the limit for a picture in the documents, in bytes.
const largestPicture = 90_000

// TestScreenshotsOfTheDocuments takes the pictures, and saves them when it runs
// with -update.
func TestScreenshotsOfTheDocuments(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, example string
		width, height int
		actions       []action
		ready         string
	}{
		{"server-sent-events", "server_sent_events", 640, 172, nil, textOf("#time") + `.startsWith("2")`},
		{"streaming-fetch", "streaming_fetch", 640, 408, []action{chromedp.Click("#start")}, `document.querySelectorAll("#lines > *").length >= 3`},
		{"finite-events", "finite_events", 640, 672, []action{chromedp.Click("#start")}, textOf("#state") + ` === "closed"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tab, _ := newTab(t)
			program := run(t, test.example)
			do(t, tab, chromedp.EmulateViewport(int64(test.width), int64(test.height)), chromedp.Navigate(program.url+"/test"))
			do(t, tab, test.actions...)
			eventually(t, "there is something to see", func() bool { return evaluate[bool](t, tab, test.ready) })
			picture, err := chromedp.Run(tab, chromedp.CaptureScreenshot())
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("..", "docs", "tutorial", "images", test.name+".png")
			if *update {
				keepPicture(t, path, picture)
			}
			checkPicture(t, "the page", picture, image.Pt(test.width, test.height))
			checkPictureFile(t, path, image.Pt(test.width, test.height))
		})
	}
}

func keepPicture(t *testing.T, path string, picture []byte) {
	t.Helper()
	if err := os.WriteFile(path, picture, 0o600); err != nil {
		t.Fatal(err)
	}
}

func checkPictureFile(t *testing.T, path string, want image.Point) {
	t.Helper()
	picture, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	checkPicture(t, path, picture, want)
	if len(picture) > largestPicture {
		t.Errorf("%s has %d bytes, want at most %d", path, len(picture), largestPicture)
	}
}

// checkPicture fails unless a picture has its viewport's size and shows something:
// a page that does not render is of one colour.
func checkPicture(t *testing.T, what string, encoded []byte, want image.Point) {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(encoded))
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	bounds := picture.Bounds()
	if bounds.Size() != want {
		t.Errorf("%s is of %v, want %v", what, bounds.Size(), want)
	}
	colours := make(map[color.Color]bool)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			colours[picture.At(x, y)] = true
		}
	}
	if len(colours) < 2 {
		t.Errorf("%s is blank", what)
	}
}
