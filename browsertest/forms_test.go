package browsertest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestTheFormsOfABrowserAreRead(t *testing.T) {
	t.Parallel()
	program := run(t, "form")
	const picture = `größe "1".png`
	directory := t.TempDir()
	files := []string{filepath.Join(directory, picture), filepath.Join(directory, "empty.txt")}
	for i, content := range [][]byte{bytes.Repeat([]byte("\r\n------WebKitFormBoundary"), 100_000), nil} {
		if err := os.WriteFile(files[i], content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name    string
		actions []action
		want    string
	}{
		{
			"fields",
			[]action{
				chromedp.SetValue("[name=first_name]", "Zoë & Co"), chromedp.Click("[action=names] button"),
			},
			"Hello, Zoë & Co Caine!\n",
		},
		{
			"files",
			[]action{
				chromedp.SetUploadFiles("[name=pictures]", files), chromedp.Click("[action=files] button"),
			},
			"title: \"Holidays\"\npictures: \"größe %221%22.png\", 2600000 bytes\npictures: \"empty.txt\", 0 bytes\n",
		},
		{
			"a form without its file",
			[]action{chromedp.Click("[action=files] button")},
			"title: \"Holidays\"\npictures: \"\", 0 bytes\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tab, _ := newTab(t)
			do(t, tab, chromedp.Navigate(program.url+"/"))
			do(t, tab, test.actions...)
			eventually(t, "the answer is shown: "+test.want, func() bool {
				return evaluate[string](t, tab, "document.body.textContent") == test.want
			})
		})
	}
}

func TestABrowserKeepsAnyNameInItsCookies(t *testing.T) {
	t.Parallel()
	program := run(t, "cookies")
	tab, _ := newTab(t)
	const name = `Zoë; "Z" <b>`
	do(t, tab, chromedp.Navigate(program.url+"/"), chromedp.SetValue("[name=first_name]", name), chromedp.Click("[action=post_form] button"))
	greeted := func() bool {
		return evaluate[string](t, tab, `document.querySelector("h1").textContent`) == "Hello, "+name+" Caine!"
	}
	eventually(t, "the page greets by name", greeted)
	do(t, tab, chromedp.Navigate(program.url+"/"))
	eventually(t, "the page greets by name again", greeted)
	if seen := evaluate[string](t, tab, "document.cookie"); seen != "" {
		t.Errorf("a script sees the cookies %s", seen)
	}
}
