package e2e

import "testing"

// The menu opens the form for an alert; keys alone make a rule in the real webview, and the chart's menu makes
// another at the price under the pointer.
func TestAlertIsMadeInTheWindow(t *testing.T) {
	need(t)
	d := newDesk(t)
	a := d.open()
	a.ready()
	var list struct {
		Rules []struct{ Kind, Symbol, Price string }
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
	if got := list.Rules[0]; got.Price != "0.5" || got.Symbol == "" {
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

	a.ask(`(document.querySelector('[data-testid="rule-delete"]').click(), 1)`, new(any))
	d.until("one is deleted", rules(1))
	d.focus(title)
	d.key("ctrl+q")
	a.endsCleanly()
}
