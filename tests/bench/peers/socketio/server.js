// What the idea was first built on: Socket.IO with its Redis adapter and PostgreSQL, doing the same job.
// node server.js PORT DATABASE REDIS_SOCKET WORKERS COMPRESSION, which is plain (as Socket.IO comes) or deflate.
import cluster from "node:cluster"
import { createServer } from "node:http"
import { createAdapter } from "@socket.io/redis-adapter"
import pg from "pg"
import { createClient } from "redis"
import { Server } from "socket.io"

const [port, database, redisSocket, workers, compression] = process.argv.slice(2)
const pool = new pg.Pool({ connectionString: database, max: 8 })

async function serve() {
  const publishing = createClient({ socket: { path: redisSocket } })
  const listening = publishing.duplicate()
  await Promise.all([publishing.connect(), listening.connect()])

  async function post({ room, author, body }) {
    const { rows } = await pool.query("INSERT INTO peer_message (room, author, body) VALUES ($1, $2, $3) RETURNING seq, created_at", [room, author, body])
    const message = { seq: Number(rows[0].seq), room, author, body, at: rows[0].created_at }
    io.to(`room:${room}`).emit("message", message)
    return message
  }

  const http = createServer((request, response) => {
    let text = ""
    request.on("data", piece => { text += piece })
    request.on("end", async () => {
      const message = await post(JSON.parse(text))
      const answer = JSON.stringify({ seq: message.seq })
      response.setHeader("Content-Type", "application/json")
      response.setHeader("Content-Length", answer.length)
      response.end(answer)
    })
  })

  const io = new Server(http, { adapter: createAdapter(publishing, listening), transports: ["websocket"], perMessageDeflate: compression === "deflate" })
  io.on("connection", socket => {
    if (socket.handshake.query.listen !== "no") socket.join("room:1")
    socket.on("post", async (message, acknowledge) => acknowledge((await post(message)).seq))
  })
  await new Promise(resolve => http.listen({ port: Number(port), host: "127.0.0.1", backlog: 2048 }, resolve))
}

if (cluster.isPrimary) {
  await pool.query("CREATE TABLE IF NOT EXISTS peer_message (seq bigserial PRIMARY KEY, room int, author int, body text, created_at timestamptz DEFAULT now())")
  await pool.query("TRUNCATE peer_message RESTART IDENTITY")
  if (Number(workers) === 1) await serve()
  else {
    const ready = Array.from({ length: Number(workers) }, () => new Promise(resolve => cluster.fork().once("listening", resolve)))
    await Promise.all(ready)
  }
  console.log("listening")
} else await serve()
