// How long @localfirst/auth takes to load a team of 1,000 links: processor time of the process (docs/benchmarks.md, goal L3).
//
//   node load.mjs [LINKS]            writes a team, then loads it five times, each in a new process: it remembers what it worked out
//   node load.mjs load FILE          loads one, and prints the milliseconds that it took

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import v8 from 'node:v8'

import { createDevice, createKeyset, createTeam, loadTeam } from '@localfirst/auth'
import { append, serialize } from '@localfirst/crdx'

const MEMBERS = 100
const ROLES = 10
const ROUNDS = 5
const LOAD_TIMEOUT_MILLIS = 300_000

const milliseconds = ({ user, system }) => (user + system) / 1000

// A member with keys and a device of their own.
function person(n) {
  const userId = `member-${n}`
  const user = { userId, userName: userId, keys: createKeyset({ type: 'USER', name: userId }, `seed-${n}`) }
  return { user, device: createDevice({ userId, deviceName: 'laptop', seed: `device-${n}` }) }
}

// The founder makes roles and adds members through the library; then members get a role and lose it again, one after the other,
// each in a link of its own. Those carry no keys for the role, as the library's own would: less to load.
function write(links) {
  const founder = person(0)
  const team = createTeam('Harbour watch', founder, 'seed')
  for (let n = 0; n < ROLES; n += 1) team.addRole(`role-${n}`)
  for (let n = 1; n < MEMBERS; n += 1) team.addForTesting(person(n).user)
  const keys = team.teamKeys()
  let graph = team.graph
  for (let n = Object.keys(graph.links).length; n < links; n += 1) {
    const round = Math.floor(n / (MEMBERS - 1))
    const type = round % 2 === 0 ? 'ADD_MEMBER_ROLE' : 'REMOVE_MEMBER_ROLE'
    const payload = { userId: `member-${1 + (n % (MEMBERS - 1))}`, roleName: `role-${(round >> 1) % ROLES}` }
    graph = append({ graph, action: { type, payload }, user: founder.user, keys })
  }
  return v8.serialize({ founder, keyring: team.teamKeyring(), saved: serialize(graph) })
}

// What a program does that starts with a saved team.
function loadOnce(file) {
  const { founder, keyring, saved } = v8.deserialize(readFileSync(file))
  const before = process.cpuUsage()
  const team = loadTeam(saved, founder, keyring)
  const took = milliseconds(process.cpuUsage(before))
  if (team.members().length !== MEMBERS || team.roles().length !== ROLES + 1) throw new Error('another team')
  console.log(took)
}

function measure(links) {
  const folder = mkdtempSync(join(tmpdir(), 'team-'))
  try {
    const file = join(folder, 'team')
    writeFileSync(file, write(links))
    const times = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const { status, signal, stdout, stderr } = spawnSync(process.execPath, [import.meta.filename, 'load', file], {
        encoding: 'utf8',
        timeout: LOAD_TIMEOUT_MILLIS,
      })
      if (status !== 0) {
        const why = stderr.split('\n').find((line) => /Error/.test(line)) ?? signal ?? status
        console.log(`@localfirst/auth 6.0.0, ${links} links: does not load: ${why}`)
        return
      }
      times.push(Number(stdout))
    }
    times.sort((a, b) => a - b)
    const [least, median, most] = [0, ROUNDS >> 1, ROUNDS - 1].map((at) => Math.round(times[at]))
    console.log(`@localfirst/auth 6.0.0, ${links} links: ${median} ms of processor time (${least} to ${most}, ${ROUNDS} processes)`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const [first, file] = process.argv.slice(2)
if (first === 'load') loadOnce(file)
else measure(Number(first ?? 1000))
