// Package database opens PostgreSQL by whatever driver of database/sql the program has.
// It knows names of drivers, not the drivers.
package database

import (
	"context"
	"database/sql"
	"errors"
	"slices"
)

// drivers are the names by which those for PostgreSQL are registered, the preferred one first.
var drivers = []string{"pgx", "pgx/v5", "pgx/v4", "postgres"}

var errNoDriver = errors.New("the program has no driver for PostgreSQL: import _ \"github.com/jackc/pgx/v5/stdlib\" or _ \"github.com/lib/pq\"")

// Open makes a pool of at most `most` connections, of which `idle` are kept; 0 is no bound, and what database/sql does.
func Open(ctx context.Context, address string, idle, most int) (*sql.DB, error) {
	known := sql.Drivers()
	index := slices.IndexFunc(drivers, func(name string) bool { return slices.Contains(known, name) })
	if index < 0 {
		return nil, errNoDriver
	}
	db, err := sql.Open(drivers[index], address)
	if err != nil {
		return nil, err
	}
	if most > 0 {
		db.SetMaxOpenConns(most)
	}
	if idle > 0 {
		db.SetMaxIdleConns(idle)
	}
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}
