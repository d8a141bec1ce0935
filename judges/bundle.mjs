// Puts the client of Durable Streams, with what it imports, into one file that a
// page can import, for examples/durable_streams, which embeds it. In this folder:
//
//   node bundle.mjs ../examples/durable_streams
//
// The licences of what is in it are written beside it.
import fs from "node:fs"
import path from "node:path"
import process from "node:process"
import { rolldown } from "rolldown"

const entry = "node_modules/@durable-streams/client/dist/index.js"
const parts = ["@durable-streams/client", "@microsoft/fetch-event-source", "fastq", "reusify"]

const manifest = (name) => JSON.parse(fs.readFileSync(`node_modules/${name}/package.json`, "utf8"))
const licence = (name) => {
  const file = fs.readdirSync(`node_modules/${name}`).find((entry) => /^licen[cs]e/i.test(entry))
  return file ? fs.readFileSync(`node_modules/${name}/${file}`, "utf8").trim() : ""
}

const folder = process.argv[2]
const names = parts.map((name) => `${name} ${manifest(name).version} (${manifest(name).license})`)
const bundle = await rolldown({ input: entry, platform: "browser" })
const { output: [file] } = await bundle.generate({ format: "esm", minify: true })
fs.writeFileSync(path.join(folder, "client.js"), `// ${names.join(", ")}: see client.licences.txt\n${file.code}`)
fs.writeFileSync(path.join(folder, "client.licences.txt"), parts.map((name) =>
  `${name} ${manifest(name).version}: ${manifest(name).license}\n\n${licence(name)}\n`).join("\n----\n\n"))
