/* SPDX-License-Identifier: Apache-2.0 */
/* Generated from the server's table of procedures; do not edit. */
import type {
  TRPCBuiltRouter,
  TRPCDefaultErrorData,
  TRPCDefaultErrorShape,
  TRPCMutationProcedure,
  TRPCQueryProcedure,
  TRPCSubscriptionProcedure,
} from "@trpc/server";

export interface User {
  /** Id of the user. */
  id: string;
  /** What people call them. */
  name: string;
  /** Address they sign in with. */
  email: string;
  /** Manages users and the server. */
  admin: boolean;
  /** When the user was added. */
  createdAt: string;
  /** Since when they may not sign in; absent: they may. */
  disabledAt?: string;
}

export interface AuthStatus {
  /** True until the first user was made with the set-up token. */
  setupRequired: boolean;
  /** Who is signed in; absent: nobody. */
  user?: User;
}

export interface SignedIn {
  /** Who is signed in now. */
  user: User;
}

export interface Success {
  /** True: it is done. */
  success: boolean;
}

export interface InvitationView {
  /** The project that one would join. */
  projectName: string;
  /** Address of who is invited. */
  email: string;
  /** What they will be. */
  role: "viewer" | "editor" | "owner";
  /** Name of who invites; absent: the operator of the server. */
  invitedBy?: string;
  /** True: a user has this address, and accepts with their password. */
  known: boolean;
  /** When it ends by itself. */
  expiresAt: string;
}

export interface Token {
  /** Id of the token, not its secret. */
  id: string;
  /** What it is for. */
  name: string;
  /** How its secret begins. */
  prefix: string;
  /** read: queries only. */
  access: "read" | "write";
  /** When it was made. */
  createdAt: string;
  /** When it ends by itself. */
  expiresAt?: string;
  /** Last use, to the minute. */
  lastUsedAt?: string;
}

export interface ProjectSummary {
  /** Id of the project. */
  id: string;
  /** What people call it. */
  name: string;
  /** The caller's role in it. */
  role: "viewer" | "editor" | "owner";
  /** When it was made. */
  createdAt: string;
  /** When it was last changed. */
  updatedAt: string;
  /** Workflows in it. */
  workflowCount: number;
  /** Connections in it. */
  connectionCount: number;
  /** Executions accepted in the last 24 hours that failed; 1000 at most. */
  recentFailures: number;
}

export interface Project {
  /** Id of the project. */
  id: string;
  /** What people call it. */
  name: string;
  /** The caller's role in it. */
  role: "viewer" | "editor" | "owner";
  /** When it was made. */
  createdAt: string;
  /** When it was last changed. */
  updatedAt: string;
}

export interface Member {
  /** Id of the user. */
  userId: string;
  /** Address of the user. */
  email: string;
  /** What people call them. */
  name: string;
  /** viewer reads, editor changes, owner also manages members. */
  role: "viewer" | "editor" | "owner";
  /** When they became a member. */
  createdAt: string;
  /** Their last request to this server, to the minute. */
  lastSeenAt?: string;
}

export interface Invitation {
  /** Id of the invitation. */
  id: string;
  /** Address of who is invited. */
  email: string;
  /** What they will be. */
  role: "viewer" | "editor" | "owner";
  /** When it was made. */
  createdAt: string;
  /** When it ends by itself. */
  expiresAt: string;
}

export interface Connection {
  /** Id of the connection. */
  id: string;
  /** Project it belongs to. */
  projectId: string;
  /** Kind of upstream: postgresql, redis. */
  connectionType: string;
  /** What people call it. */
  name: string;
  /** As it was typed, the password masked. */
  connectionUrl: string;
  /** Pool, time-outs and TLS, as given. */
  config: unknown;
  /** User who made it. */
  createdBy?: string;
  /** When it was made. */
  createdAt: string;
  /** When it was last changed. */
  updatedAt: string;
}

export interface ConnectionUse {
  /** Id of the workflow. */
  id: string;
  /** Name of the workflow. */
  name: string;
  /** Whether its triggers fire. */
  active: boolean;
  /** Nodes that name the connection. */
  nodes: {
    /** Id of the node. */
    id: string;
    /** Name of the node. */
    name: string;
  }[];
}

export interface TestStage {
  /** Which stage. */
  name: "resolve" | "connect" | "tls" | "sign-in" | "query";
  /** Whether it went well. */
  ok: boolean;
  /** How long it took. */
  ms: number;
  /** What went wrong. */
  error?: string;
}

export interface TestResult {
  /** Whether a session could be opened. */
  success: boolean;
  /** The result in a sentence. */
  message: string;
  /** Code of the failure. */
  error?: string;
  /** What to try. */
  advice?: string;
  /** All stages together. */
  latencyMs: number;
  /** What the server says it is. */
  serverVersion?: string;
  /** verified or unverified; absent when off. */
  tls?: string;
  /** The machine that dialled. */
  testedFrom: string;
  /** Stages that were reached, in order. */
  stages: TestStage[];
}

export interface ConnectionTemplatePlaceholder {
  /** As it stands between brackets: PROJECT-REF. */
  name: string;
  /** What belongs there. */
  means: string;
  /** What could stand there. */
  example: string;
}

export interface ConnectionPoolConfig {
  /** Most sessions open at once. */
  max?: number;
  /** Idle sessions that are kept, however long idle. */
  min?: number;
  /** How long a step waits for a session before it fails with POOL_TIMEOUT. Absent: as long as it takes. */
  acquireTimeoutMs?: number;
  /** A session that lay idle for this long is closed. */
  idleTimeoutMs?: number;
  /** A session this old is replaced, give or take a tenth. */
  maxLifetimeMs?: number;
}

export interface ConnectionTlsConfig {
  /** Whether to encrypt, and how to check whom one talks to. */
  mode?: "disable" | "prefer" | "require" | "verify-ca" | "verify-full";
  /** Certificates of the authorities to trust, instead of the system's. */
  caPem?: string;
  /** Certificate to show to the server, with its chain. */
  clientCertPem?: string;
  /** Key of the client certificate. Read back as {"set": true}, which also means: keep it. */
  clientKeyPem?: unknown;
}

export interface ConnectionConfig {
  /** How many sessions, and how long they live. */
  pool?: ConnectionPoolConfig;
  /** How long opening a session may take, sign-in included. */
  connectTimeoutMs?: number;
  /** How long one statement or command may run, unless its node says otherwise. */
  statementTimeoutMs?: number;
  /** Encryption, where the URL does not say it. */
  tls?: ConnectionTlsConfig;
}

export interface ConnectionTemplateFact {
  /** What it is about; `find`: where the provider shows the values. */
  about: "find" | "url" | "network" | "tls" | "ca" | "limit" | "pooler";
  /** What one has to know. */
  text: string;
  /** Address of the page that says so. */
  source: string;
  /** The day when it said so. */
  seenOn: string;
}

export interface ConnectionTemplate {
  /** Names the template in calls. */
  name: string;
  /** What people call it. */
  title: string;
  /** Kind of the connection. */
  connectionType: string;
  /** The URL with placeholders in brackets, each of which is to be replaced. */
  urlPattern: string;
  /** In the order of the pattern. */
  placeholders: ConnectionTemplatePlaceholder[];
  /** Advised settings, where the defaults are not the best. */
  config?: ConnectionConfig;
  /** What one has to know there, with its source. */
  facts: ConnectionTemplateFact[];
}

export interface ConnectionStatistics {
  /** Id of the connection. */
  connectionId: string;
  /** Its name. */
  name: string;
  /** Its kind. */
  connectionType: string;
  /** True: it was deleted. */
  deleted?: boolean;
  /** Steps that used it. */
  steps: number;
  /** Those that succeeded. */
  succeeded: number;
  /** Those that failed. */
  failed: number;
  /** Attempts behind the first of a step. */
  retries: number;
  /** Half of the steps that succeeded or failed took at most so long, waits between attempts included. */
  medianMs?: number;
  /** 95 of 100 took at most so long. */
  p95Ms?: number;
}

export interface FormField {
  /** Key in the input. */
  name: string;
  /** Label. */
  title: string;
  /** What the value is. */
  kind: "text" | "integer" | "number" | "boolean" | "id" | "time" | "json" | "secret" | "choice" | "list" | "group";
  /** What it means, in a sentence. */
  doc: string;
  /** Whether it must be given. */
  required: boolean;
  /** Least value, or least characters of a text, or items of a list. */
  min?: number;
  /** Greatest value, or most characters of a text, or items of a list. */
  max?: number;
  /** The words of a choice. */
  options?: string[];
  /** What counts when it is left out. */
  default?: string;
  /** How to show and edit it. */
  look: "plain" | "multiline" | "sql" | "json-array" | "json-object" | "scalar" | "connection" | "duration-ms" | "email" | "password";
  /** Type of the connections to choose from. */
  connector?: string;
  /** Whether it may hold {{ }} templates. */
  templates: boolean;
  /** Show it only while another field has a value: "command=SET". */
  when?: string;
  /** The fields of a group, or of each item of a list. */
  fields?: FormField[];
}

export interface Component {
  /** A node's `type`. */
  name: string;
  /** What people call it. */
  title: string;
  /** What it does. */
  doc: string;
  /** Its place in a graph. */
  kind: "trigger" | "action" | "flow";
  /** Type of the connection that it needs. */
  connectionType?: string;
  /** Fields of its config. */
  fields: FormField[];
}

export interface WorkflowProblem {
  /** Node at fault. */
  nodeId?: string;
  /** Field of its config. */
  field?: string;
  /** What is wrong. */
  message: string;
}

export interface LastExecution {
  /** Id of the execution. */
  executionId: string;
  /** Where it stands. */
  status: "queued" | "running" | "waiting" | "succeeded" | "failed" | "cancelled";
  /** When it was accepted. */
  createdAt: string;
}

export interface WorkflowSummary {
  /** Id of the workflow. */
  id: string;
  /** Project it belongs to. */
  projectId: string;
  /** What people call it. */
  name: string;
  /** Whether its triggers fire. */
  active: boolean;
  /** Rises with each new definition. */
  version: number;
  /** What keeps it from running as it is. */
  problems: WorkflowProblem[];
  /** Name of who saved the definition. */
  savedBy?: string;
  /** When the definition was saved. */
  savedAt: string;
  /** When it was made. */
  createdAt: string;
  /** When it was last changed. */
  updatedAt: string;
  /** The newest one; absent: it was never executed. */
  lastExecution?: LastExecution;
}

export interface Workflow {
  /** Id of the workflow. */
  id: string;
  /** Project it belongs to. */
  projectId: string;
  /** What people call it. */
  name: string;
  /** Whether its triggers fire. */
  active: boolean;
  /** Rises with each new definition. */
  version: number;
  /** Nodes and edges. */
  definition: Record<string, unknown>;
  /** What keeps it from running as it is. */
  problems: WorkflowProblem[];
  /** Name of who saved the definition. */
  savedBy?: string;
  /** When the definition was saved. */
  savedAt: string;
  /** When it was made. */
  createdAt: string;
  /** When it was last changed. */
  updatedAt: string;
}

export interface StatisticsSlice {
  /** When the slice begins. */
  at: string;
  /** Those that succeeded. */
  succeeded: number;
  /** Those that failed. */
  failed: number;
  /** Those that were cancelled. */
  cancelled: number;
  /** Those that have not ended. */
  open: number;
}

export interface WorkflowHistory {
  /** Id of the workflow. */
  workflowId: string;
  /** All of them. */
  executions: number;
  /** Those with executions, by the time when they were accepted. */
  slices: StatisticsSlice[];
}

export interface WorkflowHistories {
  /** What was accepted from here on counts. */
  since: string;
  /** Until here. */
  until: string;
  /** False: there are more in the range than are counted, the newest 200000. */
  complete: boolean;
  /** All slices of the range. */
  slices: {
    /** When the slice begins. */
    at: string;
  }[];
  /** Those that were executed. */
  workflows: WorkflowHistory[];
}

export interface ExecutionError {
  /** One of the closed list of codes. */
  code: string;
  /** What happened, in a sentence. */
  message: string;
  /** Node that failed. */
  nodeId?: string;
  /** SQLSTATE, or the error word of Redis. */
  sqlState?: string;
  /** What to do about it. */
  advice?: string;
}

export interface Attempt {
  /** 1 for the first. */
  number: number;
  /** How it went. */
  status: "started" | "succeeded" | "failed" | "cancelled" | "abandoned" | "unknown";
  /** When it began. */
  startedAt: string;
  /** When it ended. */
  finishedAt?: string;
  /** Why it failed. */
  error?: ExecutionError;
}

export interface Step {
  /** Its node. */
  nodeId: string;
  /** The node's name. */
  name: string;
  /** The node's component. */
  type: string;
  /** Where it stands. */
  status: "pending" | "running" | "waiting" | "succeeded" | "failed" | "skipped" | "cancelled";
  /** The config after templates. */
  input?: unknown;
  /** The result. */
  output?: unknown;
  /** Why it failed. */
  error?: ExecutionError;
  /** When its first attempt began. */
  startedAt?: string;
  /** When it ended. */
  finishedAt?: string;
  /** When the next attempt begins. */
  retryAt?: string;
  /** Attempts so far. */
  attemptCount: number;
  /** In order; of very many only the first and the latest are kept. */
  attempts: Attempt[];
  /** True: input or output is too long here; executions.step has it. */
  partial?: boolean;
  /** Of an input that was cut: how long it is as a whole. */
  inputBytes?: number;
  /** Of an output that was cut: how long it is as a whole. */
  outputBytes?: number;
}

export interface Execution {
  /** Unique id; sorts by time. */
  id: string;
  /** Its project. */
  projectId: string;
  /** Its workflow. */
  workflowId: string;
  /** The workflow's name when it was started. */
  workflowName: string;
  /** The version that runs. */
  workflowVersion: number;
  /** The execution that this one was run again of. */
  rerunOf?: string;
  /** What started it: a person in the page, or a call with a token. */
  trigger?: "manual" | "api";
  /** Where it stands. */
  status: "queued" | "running" | "waiting" | "succeeded" | "failed" | "cancelled";
  /** Attempts of all its nodes so far. */
  attemptCount?: number;
  /** Why it failed. */
  error?: ExecutionError;
  /** When it was accepted. */
  createdAt: string;
  /** When its first node began. */
  startedAt?: string;
  /** When it ended. */
  finishedAt?: string;
  /** What it was started with. */
  input?: unknown;
  /** One for each node, in an order in which they can run. */
  steps: Step[];
}

export interface ExecutionSummary {
  /** Unique id; sorts by time. */
  id: string;
  /** Its project. */
  projectId: string;
  /** Its workflow. */
  workflowId: string;
  /** The workflow's name when it was started. */
  workflowName: string;
  /** The version that runs. */
  workflowVersion: number;
  /** The execution that this one was run again of. */
  rerunOf?: string;
  /** What started it: a person in the page, or a call with a token. */
  trigger?: "manual" | "api";
  /** Where it stands. */
  status: "queued" | "running" | "waiting" | "succeeded" | "failed" | "cancelled";
  /** Attempts of all its nodes so far. */
  attemptCount?: number;
  /** Why it failed. */
  error?: ExecutionError;
  /** When it was accepted. */
  createdAt: string;
  /** When its first node began. */
  startedAt?: string;
  /** When it ended. */
  finishedAt?: string;
}

export interface WorkflowStatistics {
  /** Id of the workflow. */
  workflowId: string;
  /** Its name, of the newest execution. */
  name: string;
  /** All of them. */
  executions: number;
  /** Those that succeeded. */
  succeeded: number;
  /** Those that failed. */
  failed: number;
  /** Those that were cancelled. */
  cancelled: number;
  /** Those that have not ended. */
  open: number;
  /** Half of those that succeeded or failed took at most so long. */
  medianMs?: number;
  /** 95 of 100 took at most so long. */
  p95Ms?: number;
}

export interface ExecutionStatistics {
  /** What was accepted from here on counts. */
  since: string;
  /** Until here. */
  until: string;
  /** False: there are more in the range than are counted, the newest 200000. */
  complete: boolean;
  /** All of them. */
  executions: number;
  /** Those that succeeded. */
  succeeded: number;
  /** Those that failed. */
  failed: number;
  /** Those that were cancelled. */
  cancelled: number;
  /** Those that have not ended. */
  open: number;
  /** Half of those that succeeded or failed took at most so long. */
  medianMs?: number;
  /** 95 of 100 took at most so long. */
  p95Ms?: number;
  /** By the time when they were accepted; empty slices too. */
  slices: StatisticsSlice[];
  /** By workflow, the most executions first; 200 at most. */
  workflows: WorkflowStatistics[];
}

export interface WatchEvent {
  /** gap: what came in between is not known any more, fetch again. */
  type: "execution" | "step" | "gap";
  /** Of an execution: as it is now. */
  execution?: ExecutionSummary;
  /** Of a step: whose it is. */
  executionId?: string;
  /** Of a step: as it is now. */
  step?: Step;
  /** True: the step's input or output is too long for an event; executions.get has it. */
  partial?: boolean;
}

export interface SystemStatus {
  /** Of the program. */
  version: string;
  /** Of the server. */
  processId: number;
  /** When the server started. */
  startedAt: string;
  /** Of the master key that seals now. */
  keyId: string;
  /** Address that it listens on. */
  listen?: string;
}

export interface SystemStore {
  /** Which database it is: sqlite, postgresql. */
  kind: string;
  /** Size of the database. */
  bytes: number;
  /** How much of that is kept for new rows. */
  freeBytes: number;
  /** Size of the write-ahead log after the last commit. */
  logBytes: number;
  /** The look for damage behind a process that died; absent: it was not needed. */
  check?: "running" | "ok" | "damaged" | "failed";
  /** Users, disabled ones too. */
  users: number;
  /** Projects of all users. */
  projects: number;
  /** Workflows of all projects. */
  workflows: number;
  /** Connections of all projects. */
  connections: number;
  /** Executions that have not ended. */
  openExecutions: number;
}

/** What every error carries. */
export interface ErrorData extends TRPCDefaultErrorData {
  /** The input field at fault, dotted. */
  field?: string;
  /** Why, more closely than the code says. */
  reason?: string;
  /** By which the server's log can be searched. */
  requestId: string;
}

/** An event that a later subscription can go on from. */
export interface Tracked<Data> {
  id: string;
  data: Data;
}

type Root = {
  ctx: object;
  meta: object;
  errorShape: TRPCDefaultErrorShape & { data: ErrorData };
  transformer: false;
};

type Routers = {
  auth: {
    /** Whether the server is set up, and who is signed in. */
    status: TRPCQueryProcedure<{
      meta: unknown;
      input: void;
      output: AuthStatus;
    }>;
    /** Makes the first user, an admin, and signs them in. Once only. */
    setup: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** Printed by the server at its first start. */
        token: string;
        /** What people call you. */
        name: string;
        /** Address to sign in with. */
        email: string;
        /** At least 8 characters. */
        password: string;
      };
      output: SignedIn;
    }>;
    /** Signs in, by cookie. */
    login: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** Address of the user. */
        email: string;
        /** Password of the user. */
        password: string;
      };
      output: SignedIn;
    }>;
    /** Ends this session and clears the cookie. */
    logout: TRPCMutationProcedure<{
      meta: unknown;
      input: void;
      output: Success;
    }>;
    /** Changes the caller's password; their other sessions end. */
    changePassword: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** The password as it is. */
        current: string;
        /** The new one: at least 8 characters. */
        password: string;
      };
      output: Success;
    }>;
    /** What an invitation says to whoever has its code. */
    viewInvitation: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** Of the address that was handed over. */
        code: string;
      };
      output: InvitationView;
    }>;
    /** Joins the project of an invitation, as a new user or as the one of its address; once. */
    acceptInvitation: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** Of the address that was handed over. */
        code: string;
        /** What people call you, as a new user. */
        name?: string;
        /** A new user's, at least 8 characters; or yours, if you are one and not signed in. */
        password?: string;
      };
      output: {
        /** Who is signed in now. */
        user: User;
        /** The project they belong to now. */
        projectId: string;
      };
    }>;
    /** Makes a code that signs the caller in once, in a browser; an earlier one is void. */
    createCode: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** How long it counts; absent: 10. */
        minutes?: number;
      } | void;
      output: {
        /** For the address /login#code=…; it works once, and is shown this once. */
        code: string;
        /** When it ends by itself. */
        expiresAt: string;
      };
    }>;
    /** Signs in with such a code, by cookie. */
    loginWithCode: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** Of the address that was handed over. */
        code: string;
      };
      output: {
        /** Who is signed in now. */
        user: User;
      };
    }>;
  };
  tokens: {
    /** The caller's tokens. */
    list: TRPCQueryProcedure<{
      meta: unknown;
      input: void;
      output: {
        /** Newest first. */
        tokens: Token[];
      };
    }>;
    /** Makes a token that acts for the caller. */
    create: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** What it is for. */
        name: string;
        /** read: queries only. */
        access?: "read" | "write";
        /** When it ends by itself; absent: never. */
        expiresAt?: string;
      };
      output: {
        /** The new token. */
        token: Token;
        /** What programs send. It is shown this once. */
        secret: string;
      };
    }>;
    /** Ends a token of the caller. */
    revoke: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** Id of the token. */
        tokenId: string;
      };
      output: Success;
    }>;
  };
  users: {
    /** The users of this server. */
    list: TRPCQueryProcedure<{
      meta: unknown;
      input: {
        /** Only the user of this address. */
        email?: string;
      } | void;
      output: {
        /** By their addresses. */
        users: User[];
      };
    }>;
    /** Adds a user, who signs in with this password. */
    create: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** What people call them. */
        name: string;
        /** Address to sign in with. */
        email: string;
        /** At least 8 characters. */
        password: string;
        /** May manage users and the server. */
        admin?: boolean;
      };
      output: User;
    }>;
    /** Renames a user, makes them an administrator, disables them; or takes that back. */
    update: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** Id of the user. */
        userId: string;
        /** The new name. */
        name?: string;
        /** May manage users and the server. */
        admin?: boolean;
        /** True: sessions end and tokens do not count until it is false again. */
        disabled?: boolean;
      };
      output: User;
    }>;
    /** Gives a user another password; all of their sessions end. */
    resetPassword: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** Id of the user. */
        userId: string;
        /** At least 8 characters. */
        password: string;
      };
      output: Success;
    }>;
  };
  projects: {
    /** The projects that the caller is a member of. */
    list: TRPCQueryProcedure<{
      meta: unknown;
      input: void;
      output: {
        /** Newest first. */
        projects: ProjectSummary[];
      };
    }>;
    /** One project. */
    get: TRPCQueryProcedure<{
      meta: unknown;
      input: {
        /** Id of the project. */
        projectId: string;
      };
      output: Project;
    }>;
    /** Makes a project; the caller becomes its owner. */
    create: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** What people call it. */
        name: string;
      };
      output: Project;
    }>;
    /** Gives a project another name. */
    update: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** Id of the project. */
        projectId: string;
        /** The new name. */
        name: string;
      };
      output: Project;
    }>;
    /** Deletes a project with everything in it: connections, workflows, history. */
    delete: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** Id of the project. */
        projectId: string;
      };
      output: Success;
    }>;
  };
  members: {
    /** The members of a project. */
    list: TRPCQueryProcedure<{
      meta: unknown;
      input: {
        /** Id of the project. */
        projectId: string;
      };
      output: {
        /** Owners first, then by name. */
        members: Member[];
      };
    }>;
    /** Makes a user of this server a member. */
    add: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** Id of the project. */
        projectId: string;
        /** Address of a user of this server. */
        email: string;
        /** What they may do. */
        role: "viewer" | "editor" | "owner";
      };
      output: Member;
    }>;
    /** Gives a member another role. A project keeps at least one owner. */
    update: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** Id of the project. */
        projectId: string;
        /** Id of the member. */
        userId: string;
        /** The new role. */
        role: "viewer" | "editor" | "owner";
      };
      output: Member;
    }>;
    /** Takes a member out. A project keeps at least one owner. */
    remove: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** Id of the project. */
        projectId: string;
        /** Id of the member. */
        userId: string;
      };
      output: Success;
    }>;
    /** Invitations to a project that nobody has accepted yet. */
    invitations: TRPCQueryProcedure<{
      meta: unknown;
      input: {
        /** Id of the project. */
        projectId: string;
      };
      output: {
        /** Those that can be accepted, newest first. */
        invitations: Invitation[];
      };
    }>;
    /** Makes a code by which a person joins, as a new user or as one of this server; for 7 days. */
    invite: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** Id of the project. */
        projectId: string;
        /** Address of who is invited. */
        email: string;
        /** What they will be. */
        role: "viewer" | "editor" | "owner";
      };
      output: {
        /** The new invitation. */
        invitation: Invitation;
        /** For the address /invite#code=…; it works once, and is shown this once. */
        code: string;
      };
    }>;
    /** Takes an invitation back. */
    uninvite: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** Id of the project. */
        projectId: string;
        /** Id of the invitation. */
        invitationId: string;
      };
      output: Success;
    }>;
  };
  connections: {
    /** The connections of a project. Passwords are masked. */
    list: TRPCQueryProcedure<{
      meta: unknown;
      input: {
        /** Id of the project. */
        projectId: string;
        /** Only those of this kind: postgresql, redis. */
        connectionType?: string;
      };
      output: {
        /** Newest first. */
        connections: Connection[];
      };
    }>;
    /** One connection. Its password is masked. */
    get: TRPCQueryProcedure<{
      meta: unknown;
      input: {
        /** Id of the connection. */
        connectionId: string;
      };
      output: Connection;
    }>;
    /** The workflows and nodes that use a connection. */
    usage: TRPCQueryProcedure<{
      meta: unknown;
      input: {
        /** Id of the connection. */
        connectionId: string;
      };
      output: {
        /** Workflows whose latest version uses it, by name. */
        workflows: ConnectionUse[];
      };
    }>;
    /** Deletes a connection and destroys its secrets. One in use is refused with the list of its workflows, unless forced. */
    delete: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** Id of the connection. */
        connectionId: string;
        /** Delete it although it is in use; its workflows fail at the nodes that use it. */
        force?: boolean;
      };
      output: Success;
    }>;
    /** Saves a connection; its URL is sealed and never shown again in full. */
    create: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** Id of the project. */
        projectId: string;
        /** Kind of upstream: postgresql, redis. */
        connectionType: string;
        /** Unique in the project. */
        name: string;
        /** postgresql://user:password@host:5432/database, rediss://:password@host:6380/0 */
        connectionUrl: string;
        /** Pool, time-outs and TLS. */
        config?: Record<string, unknown>;
      };
      output: Connection;
    }>;
    /** Changes a connection; what is left out stays as it is. */
    update: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** Id of the connection. */
        connectionId: string;
        /** Unique in the project. */
        name?: string;
        /** Absent: the URL stays as it is. */
        connectionUrl?: string;
        /** Replaces the whole; absent: stays as it is. */
        config?: Record<string, unknown>;
      };
      output: Connection;
    }>;
    /** Opens a session of its own, in the way of an execution, and says how far it got. */
    test: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** A saved connection. */
        connectionId?: string;
        /** Of an unsaved connection. */
        projectId?: string;
        /** Of an unsaved connection: postgresql, redis. */
        connectionType?: string;
        /** Absent: the saved one's. */
        connectionUrl?: string;
        /** Absent: the saved one's. */
        config?: Record<string, unknown>;
      } | void;
      output: TestResult;
    }>;
    /** What connections to known providers look like: a URL with placeholders, advised settings, and facts with their sources. */
    templates: TRPCQueryProcedure<{
      meta: unknown;
      input: {
        /** Only the one of this name. */
        name?: string;
        /** Only those of this kind: postgresql, redis. */
        connectionType?: string;
      } | void;
      output: {
        /** In the order in which they are offered. */
        templates: ConnectionTemplate[];
      };
    }>;
    /** What the steps of a range came to, and how long they took, by connection. */
    statistics: TRPCQueryProcedure<{
      meta: unknown;
      input: {
        /** Id of the project. */
        projectId: string;
        /** How far back: a day, a week, 30 days. */
        range: "24h" | "7d" | "30d";
      };
      output: {
        /** Steps of executions that were accepted from here on count. */
        since: string;
        /** Until here. */
        until: string;
        /** False: there are more in the range than are counted, those of the newest 30000 executions. */
        complete: boolean;
        /** By connection, the most steps first; 200 at most. */
        connections: ConnectionStatistics[];
      };
    }>;
  };
  components: {
    /** Kinds of node, with the fields of their configs. */
    list: TRPCQueryProcedure<{
      meta: unknown;
      input: void;
      output: {
        /** In the palette's order. */
        components: Component[];
      };
    }>;
  };
  workflows: {
    /** The workflows of a project without their definitions, with the last execution of each. */
    list: TRPCQueryProcedure<{
      meta: unknown;
      input: {
        /** Id of the project. */
        projectId: string;
      };
      output: {
        /** Newest first. */
        workflows: WorkflowSummary[];
      };
    }>;
    /** One workflow with its latest definition. */
    get: TRPCQueryProcedure<{
      meta: unknown;
      input: {
        /** Id of the workflow. */
        workflowId: string;
      };
      output: Workflow;
    }>;
    /** Saves a new workflow. What is merely unfinished is listed as problems. */
    create: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** Id of the project. */
        projectId: string;
        /** What people call it. */
        name: string;
        /** Nodes and edges; absent: none yet. */
        definition?: Record<string, unknown>;
      };
      output: Workflow;
    }>;
    /** Changes a workflow. A definition is saved as the next version, if version is still the latest. */
    update: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** Id of the workflow. */
        workflowId: string;
        /** The version that the new definition was made from. */
        version?: number;
        /** What people call it. */
        name?: string;
        /** The whole new definition; needs version. */
        definition?: Record<string, unknown>;
        /** Whether its triggers fire. */
        active?: boolean;
      };
      output: Workflow;
    }>;
    /** Deletes a workflow. Its executions stay in the history; open ones go on. */
    delete: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** Id of the workflow. */
        workflowId: string;
      };
      output: Success;
    }>;
    /** What the executions of each workflow came to, over time. */
    statistics: TRPCQueryProcedure<{
      meta: unknown;
      input: {
        /** Id of the project. */
        projectId: string;
        /** How far back: a day, a week, 30 days. */
        range: "24h" | "7d" | "30d";
      };
      output: WorkflowHistories;
    }>;
    /** Starts the latest version. Once answered, the execution is never lost. */
    execute: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** Id of the workflow. */
        workflowId: string;
        /** What {{ trigger }} stands for; at most 1 MiB of JSON. */
        input?: unknown;
        /** The same key and body again give the same execution. */
        idempotencyKey?: string;
        /** Wait so long for the end, and give the execution as it then is. */
        waitMs?: number;
      };
      output: {
        /** Id of the execution. */
        executionId: string;
        /** With waitMs: as it is now. */
        execution?: Execution;
      };
    }>;
  };
  executions: {
    /** Starts the latest version of an execution's workflow with the same input. The old one stays as it is. */
    runAgain: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** Id of the execution. */
        executionId: string;
        /** Wait so long for the end, and give the execution as it then is. */
        waitMs?: number;
      };
      output: {
        /** Id of the execution. */
        executionId: string;
        /** With waitMs: as it is now. */
        execution?: Execution;
      };
    }>;
    /** Executions, newest first, without inputs and steps. */
    list: TRPCQueryProcedure<{
      meta: unknown;
      input: {
        /** Id of the project. */
        projectId: string;
        /** Only those of this workflow. */
        workflowId?: string;
        /** Only those that stand so. */
        status?: "queued" | "running" | "waiting" | "succeeded" | "failed" | "cancelled";
        /** Only those that were accepted then or later. */
        since?: string;
        /** Page size. */
        limit?: number;
        /** nextCursor of the page before. */
        cursor?: string;
      };
      output: {
        /** Newest first. */
        executions: ExecutionSummary[];
        /** Absent: this is the last page. */
        nextCursor?: string;
      };
    }>;
    /** One execution with its steps and attempts. */
    get: TRPCQueryProcedure<{
      meta: unknown;
      input: {
        /** Id of the execution. */
        executionId: string;
        /** Leave out inputs and outputs of steps over 16 KiB: those steps are partial. */
        brief?: boolean;
      };
      output: Execution;
    }>;
    /** One step of an execution, its input and output whole, or in brief. */
    step: TRPCQueryProcedure<{
      meta: unknown;
      input: {
        /** Id of the execution. */
        executionId: string;
        /** Id of the step's node. */
        nodeId: string;
        /** Of an input or output that is long, only the beginning: lists keep their first items, texts their first characters, 64 KiB of each member. */
        brief?: boolean;
      };
      output: Step;
    }>;
    /** The definition that an execution runs, whatever became of its workflow since. */
    definition: TRPCQueryProcedure<{
      meta: unknown;
      input: {
        /** Id of the execution. */
        executionId: string;
      };
      output: {
        /** Of the workflow. */
        version: number;
        /** Nodes and edges. */
        definition: Record<string, unknown>;
      };
    }>;
    /** Ends an execution: waiting steps at once, running ones as soon as they can be interrupted. Answers after the end, or 2 s. */
    cancel: TRPCMutationProcedure<{
      meta: unknown;
      input: {
        /** Id of the execution. */
        executionId: string;
      };
      output: Execution;
    }>;
    /** What the executions of a range came to, and how long they took: together, over time, by workflow. */
    statistics: TRPCQueryProcedure<{
      meta: unknown;
      input: {
        /** Id of the project. */
        projectId: string;
        /** How far back: a day, a week, 30 days. */
        range: "24h" | "7d" | "30d";
      };
      output: ExecutionStatistics;
    }>;
    /** An execution, its steps and what happens to them, until its end; or the executions of a project: the newest at first, then each that comes to another status. */
    watch: TRPCSubscriptionProcedure<{
      meta: unknown;
      input: {
        /** Id of the execution. */
        executionId?: string;
        /** Or of a project: all of its own. */
        projectId?: string;
        /** Id of the last event that was seen: go on behind it. */
        lastEventId?: string;
      } | void;
      output: AsyncIterable<Tracked<WatchEvent>>;
    }>;
  };
  system: {
    /** Which server this is, and since when it runs. */
    status: TRPCQueryProcedure<{
      meta: unknown;
      input: void;
      output: SystemStatus;
    }>;
    /** Where rows live: which database, how large, whether it is sound, and how much is in it. */
    store: TRPCQueryProcedure<{
      meta: unknown;
      input: void;
      output: SystemStore;
    }>;
  };
};

export type AppRouter = TRPCBuiltRouter<Root, Routers>;
