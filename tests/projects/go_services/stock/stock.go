// Package stock knows what there is, by clients that it is handed.
package stock

import (
	"context"
	"database/sql"

	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver of database/sql
	"github.com/redis/go-redis/v9"
)

// connections are those of this program, some of which stay busy for a while.
const connections = "select count(*) from pg_stat_activity, pg_sleep(0.05) where backend_type = 'client backend'"

// Count counts connections through database/sql.
func Count(ctx context.Context, db *sql.DB) (count int64, err error) {
	err = db.QueryRowContext(ctx, connections).Scan(&count)
	return count, err
}

// CountPooled counts connections through a pool of pgx.
func CountPooled(ctx context.Context, db *pgxpool.Pool) (count int64, err error) {
	err = db.QueryRow(ctx, connections).Scan(&count)
	return count, err
}

// Hit counts how often it was called with the name.
func Hit(ctx context.Context, cache *redis.Client, name string) (int64, error) {
	return cache.Incr(ctx, name).Result()
}
