// A volume discount: the more of one article a customer buys, the cheaper each becomes.
//
// A Tenon function is an ordinary program: input on standard input, output on standard output, log on standard error.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

type line struct {
	Sku      string `json:"sku"`
	Quantity int64  `json:"quantity"`
	// In the smallest unit of the currency, cents for example.
	UnitPrice int64 `json:"unitPrice"`
}

type cart struct {
	Currency string `json:"currency"`
	Lines    []line `json:"lines"`
}

type discount struct {
	Sku     string `json:"sku"`
	Percent int64  `json:"percent"`
	Amount  int64  `json:"amount"`
}

type output struct {
	Currency  string     `json:"currency"`
	Discounts []discount `json:"discounts"`
}

// From this many pieces on, so many percent off; the largest step first.
var steps = []struct{ from, percent int64 }{{100, 15}, {50, 10}, {10, 5}}

func percentFor(quantity int64) int64 {
	for _, step := range steps {
		if quantity >= step.from {
			return step.percent
		}
	}
	return 0
}

func main() {
	var in cart
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		fmt.Fprintln(os.Stderr, "the cart can't be read:", err)
		os.Exit(1)
	}
	out := output{Currency: in.Currency, Discounts: []discount{}}
	for _, l := range in.Lines {
		if percent := percentFor(l.Quantity); percent > 0 {
			out.Discounts = append(out.Discounts, discount{l.Sku, percent, l.Quantity * l.UnitPrice * percent / 100})
		}
	}
	fmt.Fprintf(os.Stderr, "%d of %d lines get a discount\n", len(out.Discounts), len(in.Lines))
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		os.Exit(1)
	}
}
