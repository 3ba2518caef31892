// Prints live candles: npm start -- [MINT] [INTERVAL] [--url URL] [--token TOKEN]
// URL and TOKEN may also come from SPINSCOPE_URL and SPINSCOPE_TOKEN.
import { parseArgs } from "node:util";
import { type Candle, connect, type Interval } from "@spinscope/client";

const { url, token, positionals } = options();
const interval = (positionals[1] ?? "m1") as Interval; // the server refuses what it does not have

const client = connect(url, {
  token,
  onLink(link, reason) {
    if (link === "offline") console.error(`no connection to ${url} (${reason}): is Spinscope running there? Trying again`);
    if (link === "unauthorized") fail(`${url} refused the connection (--token): ${reason}`);
  },
  onError: (error) => fail(`refused (${error.code}): ${error.message}`),
});
process.once("SIGINT", () => {
  client.close();
  process.exit();
});
client.candles(positionals[0] ?? (await tradedLast()), interval, {
  onHistory(history) {
    console.error(`${history.symbol} ${history.interval}: ${history.data.length} candles of history`);
    history.data.forEach(row);
  },
  onCandle: (push) => row(push.data),
  onGap: (gap) => console.error(`missed commits ${gap.from_seq} to ${gap.to_seq}: ${gap.reason}`),
});

function options() {
  const url = { type: "string", default: process.env.SPINSCOPE_URL || "http://127.0.0.1:5051" } as const;
  const token = { type: "string", default: process.env.SPINSCOPE_TOKEN || "" } as const;
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: { url, token } });
    return { ...values, url: new URL(values.url).origin, positionals };
  } catch (error) {
    return fail(`${(error as Error).message}: npm start -- [MINT] [INTERVAL] [--url http://HOST:PORT] [--token TOKEN]`);
  }
}

async function tradedLast(): Promise<string> {
  const { supportedSymbols } = await client.greeting();
  if (supportedSymbols[0]) return supportedSymbols[0];
  return new Promise((resolve) => {
    client.tokens({ since: 1, onToken: (token) => resolve(token.mint_account) }); // before any trade: the first mint
  });
}

function row(c: Candle): void {
  const time = new Date(c.time * 1000).toISOString();
  console.log([time, c.open, c.high, c.low, c.close, c.volume, c.update_type].join("\t"));
}

function fail(text: string): never {
  console.error(text);
  process.exit(1);
}
