// The conformance tests of Durable Streams, against the server at the address that
// the environment names. vitest runs this file: see durablestreams_test.go.
import process from "node:process"
import { runConformanceTests } from "@durable-streams/server-conformance-tests"

runConformanceTests({
  baseUrl: process.env.DURABLE_STREAMS_URL,
  longPollTimeoutMs: 500, // as the server was told
})
