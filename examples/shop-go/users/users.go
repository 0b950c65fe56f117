// Package users knows who the customers are.
package users

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Tier is what a customer has signed up for.
type Tier string

const (
	Basic Tier = "basic"
	Gold  Tier = "gold"
)

// User is a customer of the shop.
type User struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Email   string `json:"email"`
	Tier    Tier   `json:"tier"`
	Blocked bool   `json:"blocked"`
}

// NotFound says that nobody has the id.
type NotFound struct{ ID string }

func (e *NotFound) Error() string { return fmt.Sprintf("there is no user %q", e.ID) }

// GetUserByID looks a customer up: user-1, user-2 and so on are there.
func GetUserByID(_ context.Context, userID string) (User, error) {
	digits, found := strings.CutPrefix(userID, "user-")
	number, err := strconv.Atoi(digits)
	if !found || err != nil {
		return User{}, &NotFound{ID: userID}
	}
	tier := Basic
	if number%5 == 0 {
		tier = Gold
	}
	return User{
		ID:      userID,
		Name:    "Customer " + digits,
		Email:   userID + "@example.com",
		Tier:    tier,
		Blocked: number%13 == 0,
	}, nil
}
