// Follows a coin, also one that nobody follows yet: node coin.mjs MINT
import { io } from 'socket.io-client'

const [symbol, url = process.env.SPINSCOPE_URL ?? 'http://127.0.0.1:5051'] = process.argv.slice(2)
const socket = io(url + '/ws/kline', { auth: { token: process.env.SPINSCOPE_TOKEN } })
socket.on('connect', () => socket.emit('subscribe_kline', { symbol, interval: 'm1' }))
socket.on('watch_status', ({ state, done, total }) => console.log(state, done, 'of', total))
socket.on('history_data', ({ data }) => console.log(data.length, 'candles')) // again, when the history is whole
socket.on('kline_data', ({ data }) => console.log(data.time, data.close, data.update_type))
socket.on('error', ({ message }) => socket.disconnect() && console.error(message)) // such as: it is a wallet
