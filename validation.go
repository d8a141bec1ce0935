package bare

import (
	"errors"
	"net/http"
	"reflect"
)

// A validator is a value that judges itself once it has been decoded.
type validator interface {
	Validate() error
}

// validate has a decoded value judge itself, if it can. Pointers and interfaces are
// followed, as the decoder follows them: of &order and of a pointer to that, order is
// what was decoded. A null leaves a nil pointer, which has nothing to judge.
func validate(target any) error {
	for value := reflect.ValueOf(target); ; value = value.Elem() {
		follows := value.Kind() == reflect.Pointer || value.Kind() == reflect.Interface
		if follows && value.IsNil() {
			return nil
		}
		if v, ok := reflect.TypeAssert[validator](value); ok {
			return explainInvalid(v.Validate())
		}
		if !follows {
			return nil
		}
	}
}

// explainInvalid is the error of a Validate, for the client. Without a response of its
// own it is a 422: the document is well-formed, and its content is wrong (RFC 9110,
// section 15.5.21). Its text may quote whatever the type has called, so that it stays
// on the server.
func explainInvalid(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[safeError](err); ok {
		return err
	}
	return &HttpError{
		Status:  http.StatusUnprocessableEntity,
		Message: "The request body is well-formed, but its content is not valid.",
		Err:     err,
	}
}
