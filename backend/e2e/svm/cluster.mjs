// A cluster of one node that executes transactions on the genuine Solana VM (litesvm), with as much JSON-RPC over HTTP
// and PubSub over WebSocket as a reader of one program's logs asks for. Slots pass every SLOT milliseconds and are 0.4 s of
// chain time each; a slot is confirmed when it has ended and final eight slots later. There are no forks. It takes signed
// transactions (sendTransaction) and loses every seventh, as a leader does that is busy: whoever sent it must send it again.
//
// Methods of its own: svm_send [[{program, data: base64, accounts: [ADDRESS]}, …]] executes one transaction with so many
// instructions and answers {signature, slot, blockTime, failed, logs}; an instruction names its accounts, programs first, or
// else every program. svm_put [{ADDRESS: {owner, data: base64}}] puts accounts there; svm_cut drops every WebSocket connection.
//
// Usage: node cluster.mjs SLOT PROGRAM.so ADDRESS…    The program is put at every address. The address of the service is
// printed; it ends when standard input does.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import {
  address,
  appendTransactionMessageInstructions,
  createTransactionMessage,
  generateKeyPairSigner,
  getBase58Decoder,
  getBase64EncodedWireTransaction,
  getCompiledTransactionMessageDecoder,
  getSignatureFromTransaction,
  getTransactionDecoder,
  lamports,
  pipe,
  setTransactionMessageFeePayerSigner,
  signTransactionMessageWithSigners,
} from '@solana/kit'
import { FailedTransactionMetadata, LiteSVM } from 'litesvm'
import { WebSocketServer } from 'ws'

const [slotTime, file, ...programs] = process.argv.slice(2)
const first = 5000
const hash = programs.at(-1) // any 32 bytes that stay
const epoch = Math.floor(Date.now() / 1000)

const svm = new LiteSVM().withTransactionHistory(0n)
for (const program of programs) svm.addProgram(address(program), readFileSync(file))
const payer = await generateKeyPairSigner()
svm.airdrop(payer.address, lamports(1_000_000_000_000n))

let slot = first
svm.warpToSlot(BigInt(slot))
const chain = [] // transactions, oldest first
const places = new Map() // by signature
const subscriptions = new Map()
let subscribed = 0

const timeOf = (n) => epoch + Math.floor((n - first) * 0.4)
const newest = (options) => ({ processed: slot, confirmed: slot - 1 })[options?.commitment] ?? slot - 9
const visible = (options) => chain.filter((tx) => tx.slot <= newest(options))
const level = (tx) => (tx.slot <= slot - 9 ? 'finalized' : tx.slot < slot ? 'confirmed' : 'processed')

class Refusal extends Error {
  constructor(code, message) {
    super(message)
    this.code = code
  }
}

async function execute(instructions) {
  svm.expireBlockhash()
  const named = (list) => list.map((account) => ({ address: address(account), role: 0 }))
  const message = pipe(
    createTransactionMessage({ version: 0 }),
    (m) => setTransactionMessageFeePayerSigner(payer, m),
    (m) => svm.setTransactionMessageLifetimeUsingLatestBlockhash(m),
    (m) =>
      appendTransactionMessageInstructions(
        instructions.map(({ program, data, accounts }) => ({
          programAddress: address(program),
          accounts: named(accounts ?? programs), // so that each of them is mentioned
          data: Buffer.from(data, 'base64'),
        })),
        m,
      ),
  )
  return include(await signTransactionMessageWithSigners(message))
}

// include executes a signed transaction in the slot that runs. There is no pause in it, as the slot must not end meanwhile.
function include(transaction) {
  const result = svm.sendTransaction(transaction)
  const failed = result instanceof FailedTransactionMetadata
  const meta = failed ? result.meta() : result
  const logs = meta.logs()
  if (failed && logs.length === 0) throw new Refusal(-32002, `not executed: ${result}`) // by its signature, payer or blockhash
  const signature = getSignatureFromTransaction(transaction)
  const message = getCompiledTransactionMessageDecoder().decode(transaction.messageBytes)
  const inner = meta.innerInstructions().map((list, index) => ({ index, instructions: list.map(told) }))
  add({
    signature,
    logs,
    names: message.staticAccounts,
    version: message.version,
    inner: inner.filter(({ instructions }) => instructions.length > 0),
    wire: getBase64EncodedWireTransaction(transaction),
    err: failed ? { InstructionError: [0, { Custom: 1 }] } : null,
  })
  return { signature, slot, blockTime: timeOf(slot), failed, logs }
}

function add(tx) {
  places.set(tx.signature, chain.length)
  chain.push({ ...tx, slot })
}

let submitted = 0

// submit includes what a wallet signed. What is here already is not executed again.
function submit(text) {
  const transaction = getTransactionDecoder().decode(Buffer.from(text, 'base64'))
  const signature = getSignatureFromTransaction(transaction)
  if (!places.has(signature) && ++submitted % 7 > 0) include(transaction)
  return signature
}

// fund is a transaction that pays somebody; nothing is to be read of it but its status.
function fund(to, amount) {
  const signature = getBase58Decoder().decode(svm.airdrop(address(to), lamports(BigInt(amount))).signature())
  add({ signature, logs: [], names: [], inner: [], err: null })
  return signature
}

// told is an inner instruction as getTransaction tells it.
function told(one) {
  const instruction = one.instruction()
  return {
    programIdIndex: instruction.programIdIndex(),
    accounts: [...instruction.accounts()],
    data: getBase58Decoder().decode(instruction.data()),
    stackHeight: one.stackHeight(),
  }
}

const put = new Map() // accounts, by address

const methods = {
  getHealth: () => 'ok',
  getGenesisHash: () => hash,
  getVersion: () => ({ 'solana-core': 'litesvm', 'feature-set': 0 }),
  getSlot: (options) => newest(options),
  getFirstAvailableBlock: () => 0, // nothing is pruned; no blocks are before the first slot
  getBlockTime: (n) => {
    if (n > slot) throw new Refusal(-32004, `Block not available for slot ${n}`)
    return timeOf(n)
  },
  getBlock: (n, options) => {
    if (n > newest(options)) throw new Refusal(-32004, `Block not available for slot ${n}`)
    const signatures = chain.filter((tx) => tx.slot === n).map((tx) => tx.signature)
    return { blockTime: timeOf(n), blockHeight: n, parentSlot: n - 1, blockhash: hash, previousBlockhash: hash, signatures }
  },
  getSignaturesForAddress: (program, options = {}) => {
    if (!(options.limit === undefined || (options.limit >= 1 && options.limit <= 1000)))
      throw new Refusal(-32602, 'Invalid limit; max 1000')
    let list = visible(options)
      .filter((tx) => tx.names.includes(program))
      .reverse()
    if (options.before) list = list.slice(1 + list.findIndex((tx) => tx.signature === options.before))
    const until = list.findIndex((tx) => tx.signature === options.until)
    if (until >= 0) list = list.slice(0, until)
    return list.slice(0, options.limit ?? 1000).map((tx) => ({
      signature: tx.signature,
      slot: tx.slot,
      err: tx.err,
      memo: null,
      blockTime: timeOf(tx.slot),
      confirmationStatus: level(tx),
    }))
  },
  getSignatureStatuses: (signatures) => ({
    context: { slot },
    value: signatures.map((signature) => {
      const tx = chain[places.get(signature)]
      return tx ? { slot: tx.slot, confirmations: null, err: tx.err, confirmationStatus: level(tx) } : null
    }),
  }),
  getTransaction: (signature, options) => {
    const tx = chain[places.get(signature)]
    if (!tx || tx.slot > newest(options)) return null
    if (options?.maxSupportedTransactionVersion === undefined)
      throw new Refusal(-32015, 'Transaction version (0) is not supported by the requesting client')
    const loadedAddresses = { writable: [], readonly: [] }
    const meta = { err: tx.err, fee: 5000, logMessages: tx.logs, innerInstructions: tx.inner, loadedAddresses }
    return { slot: tx.slot, blockTime: timeOf(tx.slot), version: tx.version, transaction: [tx.wire, 'base64'], meta }
  },
  getMultipleAccounts: (addresses, options) => ({
    context: { slot: newest(options) },
    value: addresses.map((one) => {
      const account = put.get(one)
      if (!account) return null
      const space = Buffer.from(account.data, 'base64').length
      return { data: [account.data, 'base64'], executable: false, lamports: 1, owner: account.owner, rentEpoch: 0, space }
    }),
  }),
  getLatestBlockhash: () => ({
    context: { slot },
    value: { blockhash: svm.latestBlockhash(), lastValidBlockHeight: slot + 150 },
  }),
  sendTransaction: submit,
  requestAirdrop: fund,
  svm_send: execute,
  svm_put: (accounts) => Object.entries(accounts).forEach(([at, account]) => put.set(at, account)),
  svm_cut: () => sockets.clients.forEach((client) => client.terminate()),
}

const pubsub = {
  logsSubscribe: (client, filter, options) => {
    if (filter.mentions?.length !== 1) throw new Refusal(-32602, 'Invalid Request: Only 1 address supported')
    subscriptions.set(++subscribed, { client, mentions: filter.mentions[0], commitment: options?.commitment })
    return subscribed
  },
  slotSubscribe: (client) => {
    subscriptions.set(++subscribed, { client })
    return subscribed
  },
}

async function answer(request, client) {
  const { id, method, params = [] } = request
  try {
    const known = client ? pubsub[method] : methods[method]
    if (!known) throw new Refusal(-32601, 'Method not found')
    const result = await (client ? known(client, ...params) : known(...params))
    return { jsonrpc: '2.0', result: result ?? null, id }
  } catch (error) {
    return { jsonrpc: '2.0', error: { code: error.code ?? -32603, message: error.message }, id }
  }
}

// A notification must not overtake the answer that grants its subscription: both are written in the order of their making,
// and nothing is told within an answer.
const notify = (id, { client }, method, result) =>
  client.send(JSON.stringify({ jsonrpc: '2.0', method, params: { result, subscription: id } }))

setInterval(() => {
  const ended = slot++
  svm.warpToSlot(BigInt(slot))
  for (const [id, subscription] of subscriptions) {
    if (!subscription.mentions) {
      notify(id, subscription, 'slotNotification', { parent: ended, root: slot - 9, slot })
      continue
    }
    const reached = subscription.commitment === 'confirmed' ? ended : slot - 9
    for (const { signature, err, logs, names } of chain.filter((tx) => tx.slot === reached))
      if (names.includes(subscription.mentions))
        notify(id, subscription, 'logsNotification', { context: { slot: reached }, value: { signature, err, logs } })
  }
}, +slotTime)

const server = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', async () => {
    const body = JSON.parse(Buffer.concat(chunks))
    const reply = Array.isArray(body) ? await Promise.all(body.map((one) => answer(one))) : await answer(body)
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify(reply))
  })
})
const sockets = new WebSocketServer({ server })
sockets.on('connection', (client) => {
  client.on('message', async (text) => client.send(JSON.stringify(await answer(JSON.parse(text), client))))
  client.on('close', () => {
    for (const [id, subscription] of subscriptions) if (subscription.client === client) subscriptions.delete(id)
  })
})
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address()
  console.log(`http://127.0.0.1:${port} ws://127.0.0.1:${port}`)
})
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
