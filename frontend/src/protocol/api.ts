// Made from the service's OpenAPI description by `npm run api`. Do not edit.
export interface paths {
    "/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Where to look
         * @description Name the service and its description.
         */
        get: operations["get_index"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the process lives
         * @description Answer as long as the process lives; nothing is asked.
         */
        get: operations["get_health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether requests can be served
         * @description Ask the parts. 503 only when Postgres is down; `degraded` when another part is.
         */
        get: operations["get_readiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List models
         * @description List the models that can be used here and now.
         */
        get: operations["list_models"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who you are
         * @description Tell the caller who it is.
         */
        get: operations["get_me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/exchange": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Exchange a one-time code
         * @description Give the local account's token for a code that was printed at the start; good once, for 15 minutes.
         */
        post: operations["exchange_code"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List projects
         * @description List your projects, newest first.
         */
        get: operations["list_projects"];
        put?: never;
        /**
         * Make a project
         * @description Make a project in your own account.
         */
        post: operations["create_project"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{project_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a project
         * @description Read one project.
         */
        get: operations["get_project"];
        put?: never;
        post?: never;
        /**
         * Delete a project
         * @description Delete a project, its threads and its workspace. 409 `project_busy` while a run goes on.
         */
        delete: operations["delete_project"];
        options?: never;
        head?: never;
        /**
         * Rename a project
         * @description Rename a project.
         */
        patch: operations["update_project"];
        trace?: never;
    };
    "/v1/threads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List threads
         * @description List your threads, newest first.
         */
        get: operations["list_threads"];
        put?: never;
        /**
         * Make a thread
         * @description Make a thread, in the project that is named or in one of its own.
         */
        post: operations["create_thread"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/threads/{thread_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a thread
         * @description Read one thread, without its messages.
         */
        get: operations["get_thread"];
        put?: never;
        post?: never;
        /**
         * Delete a thread
         * @description Delete a thread with its messages and runs; files stay. 409 `thread_busy` while a run goes on.
         */
        delete: operations["delete_thread"];
        options?: never;
        head?: never;
        /**
         * Change a thread's title
         * @description Give a thread another title.
         */
        patch: operations["update_thread"];
        trace?: never;
    };
    "/v1/threads/{thread_id}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List a thread's messages
         * @description List messages, oldest first. The cursor is a position: `?after=7` begins with the eighth message.
         */
        get: operations["list_messages"];
        put?: never;
        /**
         * Post a message
         * @description Post a message without starting a run; a run that is going reads it at its next step.
         */
        post: operations["create_message"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/threads/{thread_id}/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List a thread's runs
         * @description List the runs of a thread, newest first.
         */
        get: operations["list_thread_runs"];
        put?: never;
        /**
         * Give the agent a task
         * @description Store the task and queue a run. 409 `run_awaiting_input` while another one waits for an answer.
         */
        post: operations["create_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List runs
         * @description List the runs of all your threads, newest first.
         */
        get: operations["list_runs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{run_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a run
         * @description Read one run.
         */
        get: operations["get_run"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{run_id}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop a run
         * @description Stop a run and wait, up to 10 s, until its model, its tools and their processes have ended.
         */
        post: operations["stop_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{run_id}/input": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Answer a run
         * @description Answer the question of a waiting run, which then goes on. 409 `run_not_waiting` for any other.
         */
        post: operations["answer_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{run_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow a run
         * @description Stream the events after the cursor until the run has ended; `id` is the cursor to resume with.
         *
         *     `event: reset` carries a snapshot that replaces all before it: the log cannot go on from the cursor.
         */
        get: operations["stream_run_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/threads/{thread_id}/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List files
         * @description List a folder of the workspace by path, at most 1000 entries.
         */
        get: operations["list_files"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/threads/{thread_id}/files/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download a file
         * @description Download a file as it is.
         */
        get: operations["download_file"];
        /**
         * Upload a file
         * @description Write a file whole, in place of one that is there, making its folders. The body is the file.
         */
        put: operations["upload_file"];
        post?: never;
        /**
         * Delete a file
         * @description Delete a file, or a folder and all in it.
         */
        delete: operations["delete_file"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List agents
         * @description List your agents, newest first.
         */
        get: operations["list_agents"];
        put?: never;
        /**
         * Make an agent
         * @description Make an agent in your own account.
         */
        post: operations["create_agent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agents/{agent_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read an agent
         * @description Read one agent.
         */
        get: operations["get_agent"];
        put?: never;
        post?: never;
        /**
         * Delete an agent
         * @description Delete an agent; threads and runs that named it stay.
         */
        delete: operations["delete_agent"];
        options?: never;
        head?: never;
        /**
         * Change an agent
         * @description Change what is given; what is left out stays.
         */
        patch: operations["update_agent"];
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * AccountSummary
         * @description An account as its member sees it.
         */
        AccountSummary: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "personal" | "team";
        };
        /**
         * Agent
         * @description An account's definition of an agent. `model` None: the one of the settings.
         */
        Agent: {
            /** Id */
            id: string;
            /** Account Id */
            account_id: string;
            /** Name */
            name: string;
            /** Model */
            model: string | null;
            /** Instructions */
            instructions: string;
            /** Settings */
            settings: {
                [key: string]: components["schemas"]["JsonValue"];
            };
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
        };
        /**
         * AgentChange
         * @description What can be changed of an agent; what is left out stays.
         */
        AgentChange: {
            /**
             * Name
             * @default
             */
            name: string;
            /** Model */
            model?: string | null;
            /**
             * Instructions
             * @default
             */
            instructions: string;
            /** Settings */
            settings?: {
                [key: string]: components["schemas"]["JsonValue"];
            };
        };
        /**
         * AgentPage
         * @description A page of agents, newest first.
         */
        AgentPage: {
            /** Items */
            items: components["schemas"]["Agent"][];
            /** Next */
            next: string | null;
        };
        /**
         * Alive
         * @description The process lives.
         */
        Alive: {
            /**
             * Status
             * @default ok
             * @constant
             */
            status: "ok";
        };
        /**
         * Code
         * @description A one-time code, as `factotum serve` prints it.
         */
        Code: {
            /** Code */
            code: string;
        };
        /**
         * ErrorInfo
         * @description A failure as a person or a program reads it.
         */
        ErrorInfo: {
            /** Code */
            code: string;
            /** Message */
            message: string;
            /**
             * Hint
             * @default
             */
            hint: string;
        };
        /**
         * FieldProblem
         * @description What is wrong with one field; `field` is its path, such as `options.step_limit`.
         */
        FieldProblem: {
            /** Field */
            field: string;
            /** Problem */
            problem: string;
        };
        /**
         * File
         * @description One entry of the workspace; `path` is relative to it.
         */
        File: {
            /** Path */
            path: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "file" | "folder" | "link" | "other";
            /** Size Bytes */
            size_bytes: number;
            /**
             * Modified At
             * Format: date-time
             */
            modified_at: string;
        };
        /**
         * FileChanged
         * @description A file of the workspace was written, moved or deleted by a tool. `path` is relative to /workspace.
         */
        FileChanged: {
            /**
             * Run Id
             * @default
             */
            run_id: string;
            /**
             * Seq
             * @default 0
             */
            seq: number;
            /**
             * At
             * Format: date-time
             * @default 1970-01-01T00:00:00Z
             */
            at: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "file.changed";
            /** Path */
            path: string;
            /**
             * Action
             * @enum {string}
             */
            action: "created" | "changed" | "deleted";
            /** Size Bytes */
            size_bytes: number | null;
        };
        /**
         * FileList
         * @description A folder's entries by path. `truncated`: there are more than are listed.
         */
        FileList: {
            /** Items */
            items: components["schemas"]["File"][];
            /** Truncated */
            truncated: boolean;
        };
        JsonValue: unknown;
        /**
         * Me
         * @description The caller, its account, and the service it talks to.
         */
        Me: {
            /** User Id */
            user_id: string;
            account: components["schemas"]["AccountSummary"];
            /** Version */
            version: string;
            /** Env Mode */
            env_mode: string;
        };
        /**
         * Message
         * @description One entry of a thread's log. `position` is dense from 1 within the thread.
         */
        Message: {
            /** Id */
            id: string;
            /** Thread Id */
            thread_id: string;
            /** Run Id */
            run_id: string | null;
            /** Position */
            position: number;
            /**
             * Role
             * @enum {string}
             */
            role: "user" | "assistant" | "tool";
            /** Parts */
            parts: (components["schemas"]["TextPart"] | components["schemas"]["ReasoningPart"] | components["schemas"]["ToolCallPart"] | components["schemas"]["ToolResultPart"])[];
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
        };
        /**
         * MessageCreated
         * @description A message is stored. It replaces the draft with the same id, if deltas made one.
         */
        MessageCreated: {
            /**
             * Run Id
             * @default
             */
            run_id: string;
            /**
             * Seq
             * @default 0
             */
            seq: number;
            /**
             * At
             * Format: date-time
             * @default 1970-01-01T00:00:00Z
             */
            at: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "message.created";
            message: components["schemas"]["Message"];
        };
        /**
         * MessageDiscarded
         * @description The draft with this id will never be stored: drop what its deltas made.
         */
        MessageDiscarded: {
            /**
             * Run Id
             * @default
             */
            run_id: string;
            /**
             * Seq
             * @default 0
             */
            seq: number;
            /**
             * At
             * Format: date-time
             * @default 1970-01-01T00:00:00Z
             */
            at: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "message.discarded";
            /** Message Id */
            message_id: string;
        };
        /**
         * MessagePage
         * @description A page of a thread's messages, oldest first; its cursor is a position.
         */
        MessagePage: {
            /** Items */
            items: components["schemas"]["Message"][];
            /** Next */
            next: string | null;
        };
        /**
         * ModelInfo
         * @description A model that can be used now. Windows in tokens, dollars a million tokens; None: not known.
         */
        ModelInfo: {
            /** Id */
            id: string;
            /** Provider */
            provider: string;
            /** Context Window */
            context_window: number | null;
            /** Max Output Tokens */
            max_output_tokens: number | null;
            /** Input Usd Per Million */
            input_usd_per_million: number | null;
            /** Output Usd Per Million */
            output_usd_per_million: number | null;
            /**
             * Supports Tools
             * @default true
             */
            supports_tools: boolean;
            /**
             * Note
             * @default
             */
            note: string;
        };
        /**
         * ModelList
         * @description The models that can be used, and the one that runs get which name none.
         */
        ModelList: {
            /** Items */
            items: components["schemas"]["ModelInfo"][];
            /** Default */
            default: string;
        };
        /**
         * NewAgent
         * @description What an agent is made of. No model: the one of the service.
         */
        NewAgent: {
            /** Name */
            name: string;
            /** Model */
            model?: string | null;
            /**
             * Instructions
             * @default
             */
            instructions: string;
            /** Settings */
            settings?: {
                [key: string]: components["schemas"]["JsonValue"];
            };
        };
        /**
         * NewMessage
         * @description A message from the user.
         */
        NewMessage: {
            /** Text */
            text: string;
        };
        /**
         * NewProject
         * @description What a project is made of.
         */
        NewProject: {
            /** Name */
            name: string;
        };
        /**
         * NewThread
         * @description What a thread is made of. Without `project_id` it gets a project of its own.
         */
        NewThread: {
            /** Project Id */
            project_id?: string | null;
            /**
             * Title
             * @default
             */
            title: string;
        };
        /**
         * PartHealth
         * @description One part: whether it works, and what is wrong if it does not.
         */
        PartHealth: {
            /** Ok */
            ok: boolean;
            /**
             * Detail
             * @default
             */
            detail: string;
        };
        /**
         * Plan
         * @description The agent's plan, whole: each update replaces it.
         */
        Plan: {
            /**
             * Items
             * @default []
             */
            items: components["schemas"]["PlanItem"][];
        };
        /**
         * PlanItem
         * @description One line of the agent's plan.
         */
        PlanItem: {
            /** Text */
            text: string;
            /**
             * Status
             * @default pending
             * @enum {string}
             */
            status: "pending" | "active" | "done" | "skipped";
        };
        /**
         * PlanUpdated
         * @description The plan, whole.
         */
        PlanUpdated: {
            /**
             * Run Id
             * @default
             */
            run_id: string;
            /**
             * Seq
             * @default 0
             */
            seq: number;
            /**
             * At
             * Format: date-time
             * @default 1970-01-01T00:00:00Z
             */
            at: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "plan.updated";
            plan: components["schemas"]["Plan"];
        };
        /**
         * Pointer
         * @description Where to look.
         */
        Pointer: {
            /**
             * Name
             * @default factotum
             * @constant
             */
            name: "factotum";
            /** Version */
            version: string;
            /**
             * Openapi
             * @default /openapi.json
             */
            openapi: string;
        };
        /**
         * Problem
         * @description A failure. `code` is stable and meant for programs, `hint` says what to do.
         */
        Problem: {
            /**
             * Type
             * @default about:blank
             */
            type: string;
            /** Title */
            title: string;
            /** Status */
            status: number;
            /** Detail */
            detail: string;
            /** Code */
            code: string;
            /**
             * Hint
             * @default
             */
            hint: string;
            /** Request Id */
            request_id: string;
            /**
             * Errors
             * @default []
             */
            errors: components["schemas"]["FieldProblem"][];
        };
        /**
         * Project
         * @description A project: threads, and the workspace that they share.
         */
        Project: {
            /** Id */
            id: string;
            /** Account Id */
            account_id: string;
            /** Name */
            name: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
        };
        /**
         * ProjectChange
         * @description What can be changed of a project.
         */
        ProjectChange: {
            /** Name */
            name: string;
        };
        /**
         * ProjectPage
         * @description A page of projects, newest first.
         */
        ProjectPage: {
            /** Items */
            items: components["schemas"]["Project"][];
            /** Next */
            next: string | null;
        };
        /**
         * Question
         * @description What a waiting run asks a person. `call_id` is the call that the answer will be the result of.
         */
        Question: {
            /**
             * Reason
             * @enum {string}
             */
            reason: "question" | "unknown_outcome" | "limit";
            /** Text */
            text: string;
            /**
             * Choices
             * @default []
             */
            choices: string[];
            /**
             * Attachments
             * @default []
             */
            attachments: string[];
            /** Call Id */
            call_id: string | null;
        };
        /**
         * Readiness
         * @description `down`: requests fail. `degraded`: they work, but something that runs need is missing.
         */
        Readiness: {
            /**
             * Status
             * @enum {string}
             */
            status: "ok" | "degraded" | "down";
            /** Parts */
            parts: {
                [key: string]: components["schemas"]["PartHealth"];
            };
        };
        /**
         * ReasoningDelta
         * @description More reasoning of a message that is being written.
         */
        ReasoningDelta: {
            /**
             * Run Id
             * @default
             */
            run_id: string;
            /**
             * Seq
             * @default 0
             */
            seq: number;
            /**
             * At
             * Format: date-time
             * @default 1970-01-01T00:00:00Z
             */
            at: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "reasoning.delta";
            /** Message Id */
            message_id: string;
            /** Text */
            text: string;
        };
        /**
         * ReasoningPart
         * @description The model's reasoning, apart from the answer; `signed` is the provider's own block, handed back.
         */
        ReasoningPart: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "reasoning";
            /** Text */
            text: string;
            /** Signed */
            signed: {
                [key: string]: components["schemas"]["JsonValue"];
            } | null;
        };
        /**
         * Run
         * @description One run of the agent on a thread.
         */
        Run: {
            /** Id */
            id: string;
            /** Thread Id */
            thread_id: string;
            /** Project Id */
            project_id: string;
            /** Account Id */
            account_id: string;
            /**
             * Status
             * @enum {string}
             */
            status: "queued" | "running" | "awaiting_input" | "stopping" | "finished" | "failed" | "stopped";
            /** Model */
            model: string;
            /** Agent Id */
            agent_id: string | null;
            /**
             * @default {
             *       "dialect": "auto",
             *       "tool_execution": "sequential"
             *     }
             */
            options: components["schemas"]["RunOptions"];
            /** Attempt */
            attempt: number;
            /** Step */
            step: number;
            /**
             * @default {
             *       "input_tokens": 0,
             *       "cached_tokens": 0,
             *       "output_tokens": 0
             *     }
             */
            usage: components["schemas"]["Usage"];
            plan: components["schemas"]["Plan"] | null;
            question: components["schemas"]["Question"] | null;
            /** Finish Reason */
            finish_reason: ("complete" | "answered") | null;
            error: components["schemas"]["ErrorInfo"] | null;
            /**
             * Deliverables
             * @default []
             */
            deliverables: string[];
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Started At */
            started_at: string | null;
            /** Ended At */
            ended_at: string | null;
        };
        /**
         * RunAnswer
         * @description The answer to a run's question.
         */
        RunAnswer: {
            /** Text */
            text: string;
        };
        /**
         * RunAwaiting
         * @description The run waits for a person and holds no worker.
         */
        RunAwaiting: {
            /**
             * Run Id
             * @default
             */
            run_id: string;
            /**
             * Seq
             * @default 0
             */
            seq: number;
            /**
             * At
             * Format: date-time
             * @default 1970-01-01T00:00:00Z
             */
            at: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "run.awaiting";
            question: components["schemas"]["Question"];
        };
        /**
         * RunFailed
         * @description The run ended with an error.
         */
        RunFailed: {
            /**
             * Run Id
             * @default
             */
            run_id: string;
            /**
             * Seq
             * @default 0
             */
            seq: number;
            /**
             * At
             * Format: date-time
             * @default 1970-01-01T00:00:00Z
             */
            at: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "run.failed";
            error: components["schemas"]["ErrorInfo"];
            usage: components["schemas"]["Usage"];
        };
        /**
         * RunFinished
         * @description The run ended well.
         */
        RunFinished: {
            /**
             * Run Id
             * @default
             */
            run_id: string;
            /**
             * Seq
             * @default 0
             */
            seq: number;
            /**
             * At
             * Format: date-time
             * @default 1970-01-01T00:00:00Z
             */
            at: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "run.finished";
            /**
             * Reason
             * @enum {string}
             */
            reason: "complete" | "answered";
            usage: components["schemas"]["Usage"];
            /**
             * Deliverables
             * @default []
             */
            deliverables: string[];
        };
        /**
         * RunOptions
         * @description What the caller of a run may choose. `auto`: native calls where the model has them, else `invoke`.
         */
        RunOptions: {
            /**
             * Dialect
             * @default auto
             * @enum {string}
             */
            dialect: "auto" | "native" | "invoke" | "tag";
            /**
             * Tool Execution
             * @default sequential
             * @enum {string}
             */
            tool_execution: "sequential" | "parallel";
            /** Step Limit */
            step_limit?: number | null;
        };
        /**
         * RunPage
         * @description A page of runs, newest first.
         */
        RunPage: {
            /** Items */
            items: components["schemas"]["Run"][];
            /** Next */
            next: string | null;
        };
        /**
         * RunQueued
         * @description The run was accepted and waits for a worker.
         */
        RunQueued: {
            /**
             * Run Id
             * @default
             */
            run_id: string;
            /**
             * Seq
             * @default 0
             */
            seq: number;
            /**
             * At
             * Format: date-time
             * @default 1970-01-01T00:00:00Z
             */
            at: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "run.queued";
            /** Thread Id */
            thread_id: string;
        };
        /**
         * RunRequest
         * @description A task for the agent. No model: the agent's own, else the service's.
         */
        RunRequest: {
            /** Input */
            input: string;
            /** Model */
            model?: string | null;
            /** Agent Id */
            agent_id?: string | null;
            /**
             * @default {
             *       "dialect": "auto",
             *       "tool_execution": "sequential"
             *     }
             */
            options: components["schemas"]["RunOptions"];
        };
        /**
         * RunResumed
         * @description A person answered; the run goes on.
         */
        RunResumed: {
            /**
             * Run Id
             * @default
             */
            run_id: string;
            /**
             * Seq
             * @default 0
             */
            seq: number;
            /**
             * At
             * Format: date-time
             * @default 1970-01-01T00:00:00Z
             */
            at: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "run.resumed";
            /** Attempt */
            attempt: number;
        };
        /**
         * RunStarted
         * @description A worker claimed the run; `attempt` above 1 means that an earlier one died.
         */
        RunStarted: {
            /**
             * Run Id
             * @default
             */
            run_id: string;
            /**
             * Seq
             * @default 0
             */
            seq: number;
            /**
             * At
             * Format: date-time
             * @default 1970-01-01T00:00:00Z
             */
            at: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "run.started";
            /** Attempt */
            attempt: number;
            /** Model */
            model: string;
            /**
             * Notice
             * @default
             */
            notice: string;
        };
        /**
         * RunStopped
         * @description The run was stopped: model, tools and their processes have ended.
         *
         *     `not_executed` names the calls left undone.
         */
        RunStopped: {
            /**
             * Run Id
             * @default
             */
            run_id: string;
            /**
             * Seq
             * @default 0
             */
            seq: number;
            /**
             * At
             * Format: date-time
             * @default 1970-01-01T00:00:00Z
             */
            at: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "run.stopped";
            /**
             * Not Executed
             * @default []
             */
            not_executed: string[];
            usage: components["schemas"]["Usage"];
        };
        /**
         * SandboxChanged
         * @description The sandbox changed its state.
         */
        SandboxChanged: {
            /**
             * Run Id
             * @default
             */
            run_id: string;
            /**
             * Seq
             * @default 0
             */
            seq: number;
            /**
             * At
             * Format: date-time
             * @default 1970-01-01T00:00:00Z
             */
            at: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "sandbox.changed";
            /**
             * Status
             * @enum {string}
             */
            status: "started" | "stopped" | "lost" | "recreated";
            /**
             * Note
             * @default
             */
            note: string;
        };
        /**
         * Snapshot
         * @description The whole state of a run, sent as `reset` when a cursor is too old: forget all, start from this.
         *
         *     `seq` is the last event that the snapshot includes; the stream goes on after it.
         */
        Snapshot: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "reset";
            /** Seq */
            seq: number;
            run: components["schemas"]["Run"];
            /** Messages */
            messages: components["schemas"]["Message"][];
        };
        /**
         * TextDelta
         * @description More prose of a message that is being written.
         */
        TextDelta: {
            /**
             * Run Id
             * @default
             */
            run_id: string;
            /**
             * Seq
             * @default 0
             */
            seq: number;
            /**
             * At
             * Format: date-time
             * @default 1970-01-01T00:00:00Z
             */
            at: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "text.delta";
            /** Message Id */
            message_id: string;
            /** Text */
            text: string;
        };
        /**
         * TextPart
         * @description Prose, in the order the model wrote it. `cut`: why the provider ended the message early, if it did.
         */
        TextPart: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "text";
            /** Text */
            text: string;
            /** Cut */
            cut: ("length" | "content_filter") | null;
        };
        /**
         * Thread
         * @description A conversation. `last_position` is that of its newest message, 0 when it has none.
         */
        Thread: {
            /** Id */
            id: string;
            /** Account Id */
            account_id: string;
            /** Project Id */
            project_id: string;
            /** Agent Id */
            agent_id: string | null;
            /** Title */
            title: string;
            /** Last Position */
            last_position: number;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
        };
        /**
         * ThreadChange
         * @description What can be changed of a thread.
         */
        ThreadChange: {
            /** Title */
            title: string;
        };
        /**
         * ThreadPage
         * @description A page of threads, newest first.
         */
        ThreadPage: {
            /** Items */
            items: components["schemas"]["Thread"][];
            /** Next */
            next: string | null;
        };
        /**
         * Token
         * @description The bearer token of the local account.
         */
        Token: {
            /** Token */
            token: string;
        };
        /**
         * ToolArgumentsDelta
         * @description More of a call's arguments. `parameter` names the XML parameter; None: a fragment of the JSON text.
         */
        ToolArgumentsDelta: {
            /**
             * Run Id
             * @default
             */
            run_id: string;
            /**
             * Seq
             * @default 0
             */
            seq: number;
            /**
             * At
             * Format: date-time
             * @default 1970-01-01T00:00:00Z
             */
            at: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "tool.arguments.delta";
            /** Message Id */
            message_id: string;
            /** Call Id */
            call_id: string;
            /** Name */
            name: string;
            /** Parameter */
            parameter: string | null;
            /** Text */
            text: string;
        };
        /**
         * ToolCallPart
         * @description One complete or broken call. `raw` is the text as the model wrote it, for the XML dialects.
         *
         *     `fault` says why a call cannot run (unreadable arguments, cut off); then `arguments` may be empty.
         */
        ToolCallPart: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "tool_call";
            /** Call Id */
            call_id: string;
            /** Name */
            name: string;
            /** Arguments */
            arguments: {
                [key: string]: components["schemas"]["JsonValue"];
            };
            /**
             * Dialect
             * @default native
             * @enum {string}
             */
            dialect: "native" | "invoke" | "tag";
            /**
             * Raw
             * @default
             */
            raw: string;
            /** Fault */
            fault: string | null;
        };
        /**
         * ToolFinished
         * @description A call ended; `output` is what the model will read.
         */
        ToolFinished: {
            /**
             * Run Id
             * @default
             */
            run_id: string;
            /**
             * Seq
             * @default 0
             */
            seq: number;
            /**
             * At
             * Format: date-time
             * @default 1970-01-01T00:00:00Z
             */
            at: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "tool.finished";
            /** Call Id */
            call_id: string;
            /** Name */
            name: string;
            /**
             * Outcome
             * @enum {string}
             */
            outcome: "ok" | "error" | "unknown" | "stopped";
            /** Output */
            output: string;
            /** Duration Ms */
            duration_ms: number;
        };
        /**
         * ToolOutputDelta
         * @description More output of a running call.
         */
        ToolOutputDelta: {
            /**
             * Run Id
             * @default
             */
            run_id: string;
            /**
             * Seq
             * @default 0
             */
            seq: number;
            /**
             * At
             * Format: date-time
             * @default 1970-01-01T00:00:00Z
             */
            at: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "tool.output.delta";
            /** Call Id */
            call_id: string;
            /**
             * Stream
             * @enum {string}
             */
            stream: "stdout" | "stderr";
            /** Text */
            text: string;
        };
        /**
         * ToolResultPart
         * @description What a call gave back, as the model reads it.
         */
        ToolResultPart: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "tool_result";
            /** Call Id */
            call_id: string;
            /** Name */
            name: string;
            /** Output */
            output: string;
            /**
             * Outcome
             * @default ok
             * @enum {string}
             */
            outcome: "ok" | "error" | "unknown" | "stopped";
        };
        /**
         * ToolStarted
         * @description A call began to execute.
         */
        ToolStarted: {
            /**
             * Run Id
             * @default
             */
            run_id: string;
            /**
             * Seq
             * @default 0
             */
            seq: number;
            /**
             * At
             * Format: date-time
             * @default 1970-01-01T00:00:00Z
             */
            at: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "tool.started";
            /** Call Id */
            call_id: string;
            /** Message Id */
            message_id: string;
            /** Name */
            name: string;
            /** Arguments */
            arguments: {
                [key: string]: components["schemas"]["JsonValue"];
            };
        };
        /**
         * Usage
         * @description Tokens and money of one or more model calls. `cost_usd` is None where no price is known.
         */
        Usage: {
            /**
             * Input Tokens
             * @default 0
             */
            input_tokens: number;
            /**
             * Cached Tokens
             * @default 0
             */
            cached_tokens: number;
            /**
             * Output Tokens
             * @default 0
             */
            output_tokens: number;
            /** Cost Usd */
            cost_usd: number | null;
        };
        /**
         * UsageRecorded
         * @description What one model call used.
         */
        UsageRecorded: {
            /**
             * Run Id
             * @default
             */
            run_id: string;
            /**
             * Seq
             * @default 0
             */
            seq: number;
            /**
             * At
             * Format: date-time
             * @default 1970-01-01T00:00:00Z
             */
            at: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "usage.recorded";
            /** Model */
            model: string;
            usage: components["schemas"]["Usage"];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    get_index: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pointer"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alive"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_readiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            /** @description The database is down. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_models: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelList"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    exchange_code: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Code"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Token"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_projects: {
        parameters: {
            query?: {
                /** @description At most this many items. */
                limit?: number;
                /** @description `next` of the page before. */
                after?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectPage"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_project: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewProject"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_project: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_project: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_project: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProjectChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_threads: {
        parameters: {
            query?: {
                /** @description Only those of this project. */
                project_id?: string | null;
                /** @description At most this many items. */
                limit?: number;
                /** @description `next` of the page before. */
                after?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ThreadPage"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_thread: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewThread"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Thread"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_thread: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                thread_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Thread"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_thread: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                thread_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_thread: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                thread_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ThreadChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Thread"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_messages: {
        parameters: {
            query?: {
                /** @description At most this many items. */
                limit?: number;
                /** @description `next` of the page before. */
                after?: string | null;
            };
            header?: never;
            path: {
                thread_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessagePage"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_message: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                thread_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewMessage"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_thread_runs: {
        parameters: {
            query?: {
                /** @description At most this many items. */
                limit?: number;
                /** @description `next` of the page before. */
                after?: string | null;
            };
            header?: never;
            path: {
                thread_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunPage"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_run: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key on the same thread gives the same run. At most 200 characters. */
                "idempotency-key"?: string | null;
            };
            path: {
                thread_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RunRequest"];
            };
        };
        responses: {
            /** @description The run that this Idempotency-Key already made. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_runs: {
        parameters: {
            query?: {
                /** @description Only those in this status. */
                status?: ("queued" | "running" | "awaiting_input" | "stopping" | "finished" | "failed" | "stopped") | null;
                /** @description At most this many items. */
                limit?: number;
                /** @description `next` of the page before. */
                after?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunPage"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stop_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description It is still stopping. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    answer_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RunAnswer"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stream_run_events: {
        parameters: {
            query?: {
                /** @description The last event that you have; 0 or none: all. */
                after?: string | null;
            };
            header?: {
                /** @description As `after`, and stronger. */
                "last-event-id"?: string | null;
            };
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Server-sent events; `data` is one of these. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["RunQueued"] | components["schemas"]["RunStarted"] | components["schemas"]["RunAwaiting"] | components["schemas"]["RunResumed"] | components["schemas"]["RunFinished"] | components["schemas"]["RunFailed"] | components["schemas"]["RunStopped"] | components["schemas"]["MessageCreated"] | components["schemas"]["MessageDiscarded"] | components["schemas"]["ToolStarted"] | components["schemas"]["ToolFinished"] | components["schemas"]["PlanUpdated"] | components["schemas"]["UsageRecorded"] | components["schemas"]["SandboxChanged"] | components["schemas"]["FileChanged"] | components["schemas"]["TextDelta"] | components["schemas"]["ReasoningDelta"] | components["schemas"]["ToolArgumentsDelta"] | components["schemas"]["ToolOutputDelta"] | components["schemas"]["Snapshot"];
                };
            };
            /** @description The run has ended and there is nothing after the cursor. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_files: {
        parameters: {
            query?: {
                /** @description The folder, relative to the workspace. */
                path?: string;
                /** @description Also what is in its folders. */
                recursive?: boolean;
            };
            header?: never;
            path: {
                thread_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FileList"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    download_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Relative to the workspace. */
                path: string;
                thread_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    upload_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Relative to the workspace. */
                path: string;
                thread_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["File"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Relative to the workspace. */
                path: string;
                thread_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_agents: {
        parameters: {
            query?: {
                /** @description At most this many items. */
                limit?: number;
                /** @description `next` of the page before. */
                after?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentPage"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_agent: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewAgent"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_agent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_agent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_agent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AgentChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"];
                };
            };
            /** @description What went wrong, and what to do. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
