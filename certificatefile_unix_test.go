//go:build unix

package bare_test

import (
	"os"
	"syscall"
	"testing"
	"testing/synctest"
)

func TestAPipeInThePlaceOfAKeyHoldsUpNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEncrypted(t, nil)
		must(t, os.Remove(e.keyFile))
		must(t, syscall.Mkfifo(e.keyFile, 0o600))
		e.want(1)
		e.want(1)
		wantLogged(t, e.log)
	})
}
