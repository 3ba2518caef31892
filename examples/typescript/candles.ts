// Prints live candles: npm start -- [MINT] [INTERVAL] [--url URL] [--token TOKEN]
// URL and TOKEN may also come from SPINSCOPE_URL and SPINSCOPE_TOKEN.
import { parseArgs } from "node:util";
import { type Candle, connect, type Interval } from "@spinscope/client";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: "string", default: process.env.SPINSCOPE_URL || "http://127.0.0.1:5051" },
    token: { type: "string", default: process.env.SPINSCOPE_TOKEN || "" },
  },
});
const { url, token } = values;
const interval = (positionals[1] ?? "m1") as Interval; // the server refuses what it does not have

const client = connect(url, {
  token,
  onLink(link, reason) {
    if (link === "offline") console.error(`no connection to ${url}: ${reason}`); // it comes back by itself
    if (link === "unauthorized") fail(`${url} refused the token: ${reason}`);
  },
  onError: (error) => fail(`refused (${error.code}): ${error.message}`),
});
client.candles(positionals[0] ?? (await tradedLast()), interval, {
  onHistory(history) {
    console.error(`${history.symbol} ${history.interval}: ${history.data.length} candles of history`);
    history.data.forEach(row);
  },
  onCandle: (push) => row(push.data),
  onGap: (gap) => console.error(`missed commits ${gap.from_seq} to ${gap.to_seq}: ${gap.reason}`),
});

async function tradedLast(): Promise<string> {
  const { supportedSymbols } = await client.greeting();
  return supportedSymbols[0] ?? fail("the server knows no mint yet");
}

function row(c: Candle): void {
  const time = new Date(c.time * 1000).toISOString();
  console.log([time, c.open, c.high, c.low, c.close, c.volume, c.update_type].join("\t"));
}

function fail(text: string): never {
  console.error(text);
  process.exit(1);
}
