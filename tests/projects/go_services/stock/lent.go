package stock

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// CountLent counts connections through one that it is lent.
func CountLent(ctx context.Context, db *sql.Conn) (count int64, err error) {
	err = db.QueryRowContext(ctx, connections).Scan(&count)
	return count, err
}

// CountLentByPgx counts connections through one of pgx that it is lent.
func CountLentByPgx(ctx context.Context, db *pgxpool.Conn) (count int64, err error) {
	err = db.QueryRow(ctx, connections).Scan(&count)
	return count, err
}

// CountBare counts connections through one that has nothing of its pool.
func CountBare(ctx context.Context, db *pgx.Conn) (count int64, err error) {
	err = db.QueryRow(ctx, connections).Scan(&count)
	return count, err
}

const (
	table  = "create table if not exists goods (n bigint)"
	insert = "insert into goods values ($1)"
)

var errTooMany = errors.New("there are too many")

// Put writes in a transaction, and fails after it.
func Put(ctx context.Context, db *sql.Tx, n int64, fails bool) (int64, error) {
	if _, err := db.ExecContext(ctx, table); err != nil {
		return 0, err
	}
	if _, err := db.ExecContext(ctx, insert, n); err != nil {
		return 0, err
	}
	if fails {
		return 0, errTooMany
	}
	return n, nil
}

// PutByPgx is the same with pgx, and has no result.
func PutByPgx(ctx context.Context, db pgx.Tx, n int64, fails bool) error {
	if _, err := db.Exec(ctx, insert, n); err != nil {
		return err
	}
	if fails {
		return errTooMany
	}
	return nil
}

// Sum is what has been committed.
func Sum(ctx context.Context, db *sql.DB) (sum int64, err error) {
	err = db.QueryRowContext(ctx, "select sum(n) from goods").Scan(&sum)
	return sum, err
}
