package main

import (
	"bufio"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/MicahParks/keyfunc/v2"
	"github.com/golang-jwt/jwt/v5"
)

type verifier struct {
	keys   *keyfunc.JWKS
	parser *jwt.Parser
}

func newVerifier(jwksURL, issuer, audience string) (*verifier, error) {
	keys, err := keyfunc.Get(jwksURL, keyfunc.Options{
		RefreshInterval:     5 * time.Minute,
		RefreshTimeout:      5 * time.Second,
		RefreshErrorHandler: func(err error) { log.Print(err) },
		// Asks again for a kid it does not know, but not within 5 s of the last time.
		RefreshUnknownKID: true,
		RefreshRateLimit:  5 * time.Second,
	})
	if err != nil {
		return nil, err
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{"ES256"}),
		jwt.WithIssuer(issuer),
		jwt.WithAudience(audience),
		jwt.WithExpirationRequired(),
	)
	return &verifier{keys, parser}, nil
}

// verify returns the claims of a good access token, and an error for any other.
func (v *verifier) verify(token string) (*jwt.RegisteredClaims, error) {
	claims := &jwt.RegisteredClaims{}
	parsed, err := v.parser.ParseWithClaims(token, claims, v.keys.Keyfunc)
	if err != nil {
		return nil, err
	}
	if parsed.Header["typ"] != "at+jwt" || claims.Subject == "" {
		return nil, errors.New("not an access token")
	}
	// The module takes no notice of it (RFC 7515, 4.1.11).
	if _, critical := parsed.Header["crit"]; critical {
		return nil, errors.New("an extension that must be understood")
	}
	return claims, nil
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 4 {
		log.Fatal("usage: verify JWKS_URL ISSUER AUDIENCE")
	}
	v, err := newVerifier(os.Args[1], os.Args[2], os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if claims, err := v.verify(lines.Text()); err != nil {
			fmt.Println("refused")
			log.Print(err)
		} else {
			fmt.Println("ok", claims.Subject)
		}
	}
}
