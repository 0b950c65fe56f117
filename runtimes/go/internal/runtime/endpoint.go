package runtime

// How the sidecar is reached: over the socket of this machine, or over TLS to another one.
// This file says no more than who comes: what follows is the session's.

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

const handshakeWithin = 10 * time.Second

// dial connects to the sidecar at a path, tls://HOST:PORT or tcp://HOST:PORT.
func dial(place string) (net.Conn, error) {
	scheme, address, isRemote := strings.Cut(place, "://")
	if !isRemote {
		return net.Dial("unix", place)
	}
	ctx, cancel := context.WithTimeout(context.Background(), handshakeWithin)
	defer cancel()
	switch scheme {
	case "tcp":
		return new(net.Dialer).DialContext(ctx, "tcp", address)
	case "tls":
		config, err := tlsConfig()
		if err != nil {
			return nil, err
		}
		return (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", address)
	default:
		return nil, errors.New("it is neither a path nor tls://HOST:PORT")
	}
}

func tlsConfig() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS13}
	if path := os.Getenv("CONDUCTOR_CA"); path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("CONDUCTOR_CA %s holds no certificate", path)
		}
	}
	if path := os.Getenv("CONDUCTOR_CERT"); path != "" {
		own, err := tls.LoadX509KeyPair(path, os.Getenv("CONDUCTOR_CERT_KEY"))
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{own}
	}
	return config, nil
}

// ownToken gives the token, or nothing where none is needed. Its file is read at each connection: who exchanges it need not start
// anything again.
func ownToken(place string) (string, error) {
	token, path := os.Getenv("CONDUCTOR_TOKEN"), os.Getenv("CONDUCTOR_TOKEN_FILE")
	if !strings.Contains(place, "://") {
		return "", nil
	}
	if token != "" || path == "" {
		return token, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("CONDUCTOR_TOKEN_FILE: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// introduce says who comes, where that is not plain from the socket.
func introduce(conn *connection, token string) {
	if token != "" {
		params := map[string]any{"token": token}
		conn.send(messageLine(map[string]any{"jsonrpc": "2.0", "method": "authenticate", "params": params}))
	}
}
