package code

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/bare-go/bare"
)

// docs:start save
// receivePictures saves the files of a form in a directory, or none of them.
func receivePictures(directory string) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		var names []string
		for part, err := range request.Parts() {
			if err == nil && part.IsFile() && part.Filename != "" {
				var name string
				name, err = savePicture(directory, part)
				names = append(names, name)
			}
			if err != nil {
				return bare.ErrorResponse(errors.Join(err, removeFiles(names)))
			}
		}
		return bare.TextResponse(201, fmt.Sprintln(len(names), "pictures"))
	}
}

// savePicture saves a file under a name of ours.
func savePicture(directory string, part *bare.Part) (string, error) {
	if !strings.HasPrefix(part.ContentType(), "image/") {
		return "", &bare.HttpError{Status: 415, Message: "Send pictures."}
	}
	file, err := os.CreateTemp(directory, "picture-*")
	if err != nil {
		return "", err
	}
	_, err = save(file, part.Body)
	return file.Name(), err
}

func removeFiles(names []string) error {
	var failures []error
	for _, name := range names {
		if name != "" {
			failures = append(failures, os.Remove(name))
		}
	}
	return errors.Join(failures...)
}

// docs:end save

// docs:start limits
// receiveAvatar takes one small picture, and a line about it.
func receiveAvatar(request *bare.HttpRequest) bare.HttpResponse {
	var avatar []byte
	var line string
	contentType := request.Scope.Header.Get("content-type")
	limits := bare.PartLimits{Parts: 2, Text: 1 << 10}
	for part, err := range bare.PartsReader(request.Body, contentType, limits) {
		switch {
		case err != nil:
		case part.Name == "avatar":
			avatar, err = bare.BytesReader(part.Body, 64<<10) // in memory, so at most 64 KiB
		case part.Name == "line":
			line, err = part.Text()
		}
		if err != nil {
			return bare.ErrorResponse(err)
		}
	}
	return bare.TextResponse(200, fmt.Sprintf("%s: %d bytes\n", line, len(avatar)))
}

// docs:end limits
