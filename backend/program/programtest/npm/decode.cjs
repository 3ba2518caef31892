// Reads lines of {"program", "account", "base64"} and prints for each what the package of that program decodes: the event's
// name and its fields or, where an account is named, that account's, every value as a string the way Go's test prints its own.
const readline = require('node:readline')
const { Connection } = require('@solana/web3.js')
const pump = require('@pump-fun/pump-sdk')
const swap = require('@pump-fun/pump-swap-sdk')

const offline = new Connection('http://127.0.0.1:1') // nothing is asked of it
const programs = {
  [pump.PUMP_PROGRAM_ID.toBase58()]: pump.getPumpProgram(offline),
  [swap.PUMP_AMM_PROGRAM_ID.toBase58()]: swap.getPumpAmmProgram(offline),
}

function print(value) {
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (Array.isArray(value)) return '[' + value.map((one) => Object.values(one).map(print).join(',')).join(',') + ']'
  if (value && typeof value === 'object' && value.toBase58) return value.toBase58()
  return String(value) // BN, number, string
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const { program, account, base64 } = JSON.parse(line)
  const { events, accounts } = programs[program].coder
  const event = account
    ? { name: account, data: accounts.decode(account, Buffer.from(base64, 'base64')) }
    : events.decode(base64)
  const fields = {}
  for (const [name, value] of Object.entries(event?.data ?? {})) fields[name] = print(value)
  console.log(JSON.stringify({ name: event?.name ?? '', fields }))
})
