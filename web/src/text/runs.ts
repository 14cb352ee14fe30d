/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of executions and statistics; loaded with them. */

const plurals = new Intl.PluralRules("en");
const numbers = new Intl.NumberFormat("en");
const percents = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const moment = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

function count(n: number, one: string, other: string): string {
  return `${numbers.format(n)} ${plurals.select(n) === "one" ? one : other}`;
}

/* "420 ms", "3.4 s", "2 min 5 s", "3 h 12 min", "2 d 4 h". */
function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  const units: [number, string][] = [
    [86_400, "d"],
    [3_600, "h"],
    [60, "min"],
    [1, "s"],
  ];
  const first = units.findIndex(([size]) => seconds >= size);
  const [size, unit] = units[first] as [number, string];
  const [nextSize, nextUnit] = units[first + 1] as [number, string];
  const rest = Math.floor((seconds % size) / nextSize);
  return `${Math.floor(seconds / size)} ${unit}${rest ? ` ${rest} ${nextUnit}` : ""}`;
}

function size(characters: number): string {
  return characters < 1_000
    ? `${characters} B`
    : characters < 1e6
      ? `${Math.round(characters / 1e3)} kB`
      : `${(characters / 1e6).toFixed(1)} MB`;
}

export const runs = {
  count: (n: number) => numbers.format(n),
  percent: (part: number) => percents.format(part),
  duration,
  time: (at: string | number) => clock.format(typeof at === "string" ? Date.parse(at) : at),
  exactTime: (at: string) => `${clock.format(Date.parse(at))}.${at.slice(20, 23)}`,
  dayTime: (at: string) => day.format(Date.parse(at)),
  moment: (at: string) => moment.format(Date.parse(at)),
  /* Of an axis: round numbers stay short. */
  tick: (ms: number) => (ms === 0 ? "0" : ms >= 1_000 && ms < 60_000 ? `${ms / 1_000} s` : duration(ms)),
  short: (id: string) => `#${id.slice(-6)}`,
  status: {
    queued: "Queued",
    running: "Running",
    waiting: "Waiting",
    succeeded: "Succeeded",
    failed: "Failed",
    cancelled: "Cancelled",
    pending: "Not started",
    skipped: "Skipped",
    started: "Running",
    abandoned: "Abandoned",
    unknown: "Outcome unknown",
  },
  list: {
    title: "Executions",
    one: "Execution",
    empty: "No executions yet",
    emptyLine: "Run a workflow to see it here.",
    statusLabel: "Status",
    allStatuses: "Status: all",
    workflowLabel: "Workflow",
    allWorkflows: "Workflow: all",
    rangeLabel: "Time",
    ranges: { "": "Time: all", "24h": "Last 24 hours", "7d": "Last 7 days", "30d": "Last 30 days" } as Record<
      string,
      string
    >,
    state: "State",
    workflow: "Workflow",
    trigger: "Trigger",
    triggers: { manual: "Manual", api: "API" },
    started: "Started",
    duration: "Duration",
    attempts: "Attempts",
    unknown: "—",
    id: "Execution",
    version: (n: number) => `v${n}`,
    fresh: (n: number) => count(n, "new execution", "new executions"),
    more: "Load more",
    end: (n: number) => `All ${count(n, "execution", "executions")} shown.`,
    cancelOf: (name: string, id: string) => `Cancel ${name} ${id}`,
    againOf: (name: string, id: string) => `Run ${name} ${id} again`,
    editorsOnlyRun: "Only editors can run workflows.",
    editorsOnlyCancel: "Only editors can cancel executions.",
  },
  detail: {
    again: "Run again",
    againOf: "Run again of",
    started: "A new execution was started.",
    cancel: "Cancel",
    cancelling: "Cancelling…",
    openWorkflow: "Open workflow",
    timeline: "Timeline",
    graph: "Graph",
    view: "View",
    zoomIn: "Zoom in",
    zoomOut: "Zoom out",
    zoomAll: "Show all",
    node: (name: string) => `node “${name}”`,
    attemptOf: (n: number, all: number) => `attempt ${n} of ${all}`,
    notStarted: "This execution waits for a worker.",
    ended: (workflow: string, state: string) => `${workflow}: ${state}`,
    input: "Input",
    output: "Output",
    attempts: (n: number) => `Attempts (${n})`,
    sections: "Of this node",
    triggerInput: "Input of the execution",
    steps: "Nodes",
    pick: "Choose a node to see its input, output and attempts.",
    noInput: "This node has had no input yet.",
    noTemplates: "This node takes no input.",
    noOutput: "No output.",
    noOutputYet: "No output yet.",
    noAttempts: "No attempts. This kind of node passes its input on.",
    noAttemptsYet: "No attempts yet.",
    skipped: "This node was skipped: one before it did not succeed.",
    nextAttempt: (time: string) => `Next attempt at ${time}`,
    attempt: "Attempt",
    at: "Started",
    took: "Took",
    result: "Result",
    fold: (time: string) => `${time} without work are left out here`,
    barAttempt: (n: number, state: string, time: string) => `Attempt ${n}: ${state}, ${time}`,
    barWait: (time: string) => `Waiting to retry: ${time}`,
    stepLabel: (name: string, state: string, time: string) =>
      time ? `${name}, ${state}, ${time}` : `${name}, ${state}`,
    keptAttempts: "Of many attempts the first and the latest are kept.",
    graphSummary: (n: number) => `${count(n, "node", "nodes")}, read-only`,
  },
  payload: {
    table: "Table",
    json: "JSON",
    form: "Show as",
    copy: "Copy",
    copied: "Copied",
    download: "Download",
    more: (n: number) => `Load ${numbers.format(n)} more`,
    rows: (shown: number, all: number) =>
      shown < all ? `${numbers.format(shown)} of ${count(all, "row", "rows")} shown` : count(all, "row", "rows"),
    size,
    items: (n: number) => count(n, "item", "items"),
    keys: (n: number) => count(n, "key", "keys"),
    cut: (n: number) => `${count(n, "more character", "more characters")}`,
    beginning: (bytes: number) => `This is the beginning of ${size(bytes)}.`,
    loadAll: "Load all",
    noRows: "No rows.",
    null: "NULL",
    what: "The data of this node",
  },
  statistics: {
    title: "Statistics",
    range: "Range",
    ranges: { "24h": "24 hours", "7d": "7 days", "30d": "30 days" } as Record<string, string>,
    empty: "No executions in this range.",
    executions: "Executions",
    rate: "Success rate",
    median: "Median duration",
    p95: "95 % took at most",
    none: "—",
    ofEnded: (n: number) => `of ${numbers.format(n)} that ended`,
    stillOpen: (n: number) => `${numbers.format(n)} not ended`,
    overTime: "Over time",
    asTable: "Show as table",
    asChart: "Show as chart",
    byWorkflow: "By workflow",
    byConnection: "By connection",
    from: "From",
    succeeded: "Succeeded",
    failed: "Failed",
    cancelled: "Cancelled",
    open: "Not ended",
    name: "Name",
    steps: "Steps",
    retries: "Retries",
    medianShort: "Median",
    p95Short: "p95",
    deleted: "deleted",
    noSteps: "No step used a connection in this range.",
    chartLabel: (good: number, bad: number) =>
      `${count(good, "execution", "executions")} succeeded, ${numbers.format(bad)} failed.`,
    newest: (since: string) =>
      `There are more executions in this range than are counted. These are the newest, since ${since}.`,
    newestSteps: (since: string) => `Steps of the newest executions, since ${since}.`,
    slice: (from: string, good: number, bad: number, other: number) =>
      `${from}: ${numbers.format(good)} succeeded, ${numbers.format(bad)} failed${other ? `, ${numbers.format(other)} other` : ""}`,
    showFailed: (name: string) => `Failed executions of ${name}`,
  },
};
