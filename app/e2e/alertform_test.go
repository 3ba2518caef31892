package e2e

import (
	"fmt"
	"strconv"
	"testing"
	"time"
)

// The menu opens the form for an alert; keys alone make a rule in the real webview, and the chart's menu makes
// another at the price under the pointer.
func TestAlertIsMadeInTheWindow(t *testing.T) {
	need(t)
	d := newDesk(t)
	a := d.open()
	a.ready()
	var list struct {
		Rules []struct {
			ID, Kind, Symbol, Price string
			Once, Spent             bool
		}
	}
	rules := func(count int) func() bool {
		return func() bool {
			list.Rules = nil
			get(t, a.base()+"/api/alerts", &list)
			return len(list.Rules) == count
		}
	}
	shows := func(expression string) func() bool {
		return func() bool {
			var is bool
			a.ask(expression, &is)
			return is
		}
	}
	const focused = `document.activeElement?.dataset.testid === 'alert-price' && Number(document.activeElement.value) > 0`
	d.focus(title)
	d.key("ctrl+n")
	d.until("the form has the last price and the focus", shows(focused))
	d.key("ctrl+a")
	d.write("0")
	d.key("Return")
	d.until("the refusal stands at the field", shows(`document.querySelector('[data-testid="alert-problem"]')?.dataset.field === 'price'`))
	d.key("ctrl+a")
	d.write("0.5")
	d.key("Return")
	d.until("the rule is stored", rules(1))
	if got := list.Rules[0]; got.Price != "0.5" || got.Symbol == "" || !got.Once {
		t.Errorf("%+v", got)
	}

	d.until("its line is on the chart", shows(`document.querySelector('[data-testid="chart"]').dataset.alerts === '1'`))

	a.ask(`document.querySelector('[data-testid="chart"]').dispatchEvent(new MouseEvent('contextmenu', {bubbles: true, cancelable: true, `+
		`clientX: innerWidth / 2, clientY: innerHeight / 2}))`, new(any))
	d.until("the chart's menu has the focus", shows(`document.activeElement?.dataset.testid === 'menu-alert'`))
	d.key("Return")
	d.until("the form has the price under the pointer", shows(focused))
	d.key("Return")
	d.until("the second rule is stored", rules(2))
	d.keepPicture()

	// Two more at the last price: the market reaches one of them soon, and what has fired goes, with its line. A market that
	// leaves that price before the rules look, and does not come back, has them put at its new one.
	ids, aimed := [2]string{}, time.Now()
	aim := func() {
		var last float64
		a.ask("window.__spinscope.last.close", &last)
		for i, kind := range []string{"price_above", "price_below"} {
			a.ask(fmt.Sprintf(`(window.go.app.App.SaveAlert({id: %q, kind: %q, symbol: window.__spinscope.mint,
				price: %q, once: true, created_at: 0}), 1)`, ids[i], kind, strconv.FormatFloat(last, 'f', -1, 64)), new(int))
		}
		aimed = time.Now()
	}
	aim()
	d.until("they are stored", rules(4))
	ids = [2]string{list.Rules[2].ID, list.Rules[3].ID}
	d.until("one has fired, and the chart has lines of the others", func() bool {
		list.Rules = nil
		get(t, a.base()+"/api/alerts", &list)
		waiting, lines := 0, 0
		for _, rule := range list.Rules {
			if !rule.Spent {
				waiting++
			}
		}

		if waiting == 4 && time.Since(aimed) > 8*time.Second {
			aim()
		}
		a.ask(`Number(document.querySelector('[data-testid="chart"]').dataset.alerts)`, &lines)
		return len(list.Rules) == 4 && waiting < 4 && lines == waiting
	})
	d.keepPicture()

	a.ask(`(document.querySelector('[data-testid="rule-delete"]').click(), 1)`, new(any))
	d.until("one is deleted", rules(3))
	d.focus(title)
	d.key("ctrl+q")
	a.endsCleanly()
}
