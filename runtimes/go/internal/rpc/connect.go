package rpc

// Connections to gRPC servers: one that all calls share.
// This file knows no methods and no messages but those of the standard health check.

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"

	"conductor.invalid/internal/runtime"
)

// Options say where a server is.
type Options struct {
	Address func(runtime.Env) (string, error)
	// CA is the file of the certificates that are trusted, sought in the working directory and above it. With it, or with
	// an address of `https://`, the server speaks TLS.
	CA    string
	Ready runtime.Ready
}

// NewClient makes a connection that is opened on first use.
func NewClient(id string, pool *runtime.Pool, options Options) *runtime.Client[*grpc.ClientConn] {
	open := func(ctx context.Context, address string) (*grpc.ClientConn, error) {
		if err := options.Ready.Wait(ctx, address); err != nil {
			return nil, err
		}
		return dial(address, options.CA)
	}
	return runtime.NewAddressed(id, pool, options.Address, open, (*grpc.ClientConn).Close)
}

func dial(address, ca string) (*grpc.ClientConn, error) {
	target, isSecure := runtime.GRPCTarget(address)
	security := insecure.NewCredentials()
	if ca != "" {
		trusted, err := certificates(ca)
		if err != nil {
			return nil, err
		}
		security = credentials.NewTLS(&tls.Config{RootCAs: trusted})
	} else if isSecure {
		security = credentials.NewTLS(nil)
	}
	return grpc.NewClient(target, grpc.WithTransportCredentials(security))
}

func certificates(ca string) (*x509.CertPool, error) {
	path := runtime.FindFile(ca)
	if path == "" {
		return nil, fmt.Errorf("there is no %s here or above, which has the certificates that are trusted", ca)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	trusted := x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s has no certificate in PEM", path)
	}
	return trusted, nil
}

// Serving asks the standard health check, which has to answer that the server is serving.
func Serving(ca string) func(context.Context, string) error {
	return func(ctx context.Context, address string) error {
		conn, err := dial(address, ca)
		if err != nil {
			return err
		}
		defer conn.Close()
		answer, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{})
		if err != nil {
			return err
		}
		if answer.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
			return fmt.Errorf("its health check answers %s", answer.GetStatus())
		}
		return nil
	}
}
