package store

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
)

// Options are for tests; the zero value is for everybody else.
type Options struct {
	// Rounds are those of the hash of passwords; 0 means 600,000, which takes a guess
	// about a tenth of a second.
	Rounds int
}

const (
	defaultRounds = 600_000
	hashSize      = 32
	saltSize      = 16
)

// Credentials are what a user signs in with.
type Credentials struct {
	User     string `json:"user"`
	Password string `json:"password"`
}

// Validate returns an InvalidError if something is missing.
func (c Credentials) Validate() error {
	if c.User == "" || c.Password == "" {
		return InvalidError{"The user or the password is missing."}
	}
	return nil
}

// users are the hashes of all passwords.
type users struct {
	rounds int
	hashes map[string]hash
}

type hash struct{ salt, sum []byte }

func newUsers(passwords map[string]string, options Options) (users, error) {
	if options.Rounds == 0 {
		options.Rounds = defaultRounds
	}
	known := users{rounds: options.Rounds, hashes: make(map[string]hash)}
	for name, password := range passwords {
		salt := make([]byte, saltSize)
		_, _ = rand.Read(salt) // never fails
		sum, err := known.sum(password, salt)
		if err != nil {
			return users{}, err
		}
		known.hashes[name] = hash{salt: salt, sum: sum}
	}
	return known, nil
}

func (u users) sum(password string, salt []byte) ([]byte, error) {
	return pbkdf2.Key(sha256.New, password, salt, u.rounds, hashSize)
}

// SignIn returns nil if the user has the password, and ErrPassword if not. It takes as
// long for a user who does not exist.
func (s *Store) SignIn(given Credentials) error {
	known, ok := s.users.hashes[given.User]
	if !ok {
		known.salt = make([]byte, saltSize)
	}
	sum, err := s.users.sum(given.Password, known.salt)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(sum, known.sum) == 0 || !ok {
		return ErrPassword
	}
	return nil
}
