// What the scripts of this folder share: tests that run one after the other, and
// an exit status that says whether all of them passed.
import process from "node:process"

// stray is the promises' failures that nobody has taken.
export const stray = []
process.on("unhandledRejection", (error) => { stray.push(error) })

// base is the server's address.
export const base = process.argv[2]

// test runs a function, which fails by throwing.
export async function test(name, run) {
  stray.length = 0
  try {
    await run()
    await new Promise((resolve) => setTimeout(resolve, 20)) // what was left behind fails by then
    if (stray.length > 0) throw stray[0]
    console.log(`passed: ${name}`)
  } catch (error) {
    console.log(`FAILED: ${name}\n${error.stack}`)
    process.exitCode = 1
  }
}

// until waits for something to hold; Go's side has the time limit.
export async function until(holds) {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}
