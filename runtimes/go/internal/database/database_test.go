package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"
)

// fake is a driver whose server answers at one address only.
type fake struct{}

type connection struct{ driver.Conn }

func (connection) Close() error { return nil }

var errAway = errors.New("nobody is there")

func (fake) Open(address string) (driver.Conn, error) {
	if address != "postgres://here" {
		return nil, errAway
	}
	return connection{}, nil
}

func TestADatabaseIsOpenedByTheDriverThatTheProgramHas(t *testing.T) {
	if len(sql.Drivers()) == 0 { // none is ever taken away
		if _, err := Open(context.Background(), "postgres://here", 1, 2); !errors.Is(err, errNoDriver) {
			t.Error(err)
		}
		sql.Register("postgres", fake{})
	}
	db, err := Open(context.Background(), "postgres://here", 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	if open := db.Stats().MaxOpenConnections; open != 2 {
		t.Error(open)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if _, err := Open(context.Background(), "postgres://away", 0, 0); !errors.Is(err, errAway) {
		t.Error(err)
	}
}
