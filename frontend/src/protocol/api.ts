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
         * @description List the messages of the path that the thread goes on with, oldest first.
         *
         *     The cursor is a position: `?after=7` begins behind the message with position 7. Each message names its
         *     siblings: the messages of other paths in the same place.
         */
        get: operations["list_messages"];
        put?: never;
        /**
         * Post a message, also into a run
         * @description Post a message: into the run that goes on, as the answer that it waits for, or as a task of its own.
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
         * @description Store the task and queue a run; behind another one it waits for its turn.
         *
         *     409 `run_awaiting_input` while another one waits for an answer.
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
        /**
         * Change the task of a queued run
         * @description Change the task of a run that waits for its turn; to take it back, stop the run.
         *
         *     409 `run_not_waiting_its_turn` once the task is a message of the thread.
         */
        patch: operations["update_run"];
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
         *
         *     A run that asks for more budget can be given amounts: `{"budget": {"cost_usd": 0.5}}`.
         *     `results` answer a question of reason `tool_results`, and no other: 409 `run_wants_text`.
         */
        post: operations["answer_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/threads/{thread_id}/messages/{message_id}/edit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Edit a message
         * @description Write a user's message anew, on a branch of its own, and start a run on it. Nothing is overwritten.
         *
         *     409 `run_in_progress` while a run of the thread goes on.
         */
        post: operations["edit_message"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/threads/{thread_id}/messages/{message_id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Have a message answered again
         * @description Answer a user's message again, on a branch of its own; the agent's message stands for what it answers.
         *
         *     409 `run_in_progress` while a run of the thread goes on.
         */
        post: operations["retry_message"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{run_id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start a run again
         * @description Make a new run from the message that a run worked on, on a branch of its own.
         */
        post: operations["retry_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/threads/{thread_id}/branch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Go on with another path
         * @description Let the thread go on with the newest path through a message.
         *
         *     409 `run_in_progress` while a run of the thread goes on.
         */
        post: operations["choose_branch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{run_id}/approvals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List a run's approvals
         * @description List all approvals of a run, those that wait and those that are decided, in the order they came.
         */
        get: operations["list_approvals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{run_id}/approvals/{approval_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Approve or deny a call
         * @description Decide about one call, once. The run goes on when the last of its pending approvals is decided.
         *
         *     409 `approval_changed`: the hash is not that of the arguments. 409 `approval_decided` or
         *     `approval_expired`: it is too late.
         */
        post: operations["decide_approval"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/threads/{thread_id}/permissions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what a thread allows for good
         * @description List what was approved with the scope `always`.
         */
        get: operations["list_permissions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/threads/{thread_id}/permissions/{permission_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Let a thread ask again
         * @description Take back what was approved with the scope `always`; calls that ran stay.
         */
        delete: operations["revoke_permission"];
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
         * Amounts
         * @description Amounts of the four things that a budget counts; None: not limited, or none of it.
         *
         *     `cost_usd` are US dollars, `tokens` those read and written, cached ones included, `steps` the answers of
         *     the model, `seconds` those in which a worker carries the run, not those in which it waits.
         */
        Amounts: {
            /** Cost Usd */
            cost_usd: number | null;
            /** Tokens */
            tokens: number | null;
            /** Steps */
            steps: number | null;
            /** Seconds */
            seconds: number | null;
        };
        /**
         * Approval
         * @description One call that a rule says to ask about.
         *
         *     `arguments_hash` is the SHA-256 of `arguments` (core/canonical_json.py): who approves names it, and so
         *     says what they saw. `edited_arguments` are run in their place if the person changed them. `pattern` is
         *     what the scope `always` allows. `decided_by` None: nobody, the time was over or the run was stopped.
         */
        Approval: {
            /** Id */
            id: string;
            /** Run Id */
            run_id: string;
            /** Thread Id */
            thread_id: string;
            /** Call Id */
            call_id: string;
            /** Tool */
            tool: string;
            /** Arguments */
            arguments: {
                [key: string]: components["schemas"]["JsonValue"];
            };
            /** Arguments Hash */
            arguments_hash: string;
            /** Pattern */
            pattern: string;
            /**
             * Status
             * @default pending
             * @enum {string}
             */
            status: "pending" | "approved" | "denied" | "expired";
            /** Scope */
            scope: ("once" | "always") | null;
            /** Edited Arguments */
            edited_arguments: {
                [key: string]: components["schemas"]["JsonValue"];
            } | null;
            /**
             * Approved Hash
             * @description The SHA-256 of the arguments that were approved, edited or not.
             */
            approved_hash: string | null;
            /**
             * Reason
             * @default
             */
            reason: string;
            /** Decided By */
            decided_by: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Expires At
             * Format: date-time
             */
            expires_at: string;
            /** Decided At */
            decided_at: string | null;
        };
        /**
         * ApprovalList
         * @description A run's approvals, in the order they were asked for.
         */
        ApprovalList: {
            /** Items */
            items: components["schemas"]["Approval"][];
        };
        /**
         * ApprovalRequested
         * @description A call waits for a person. The run goes on once all of its pending approvals are decided.
         */
        ApprovalRequested: {
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
            type: "approval.requested";
            approval: components["schemas"]["Approval"];
        };
        /**
         * ApprovalResolved
         * @description An approval was decided, or its time was over; `call_id` is the call's.
         *
         *     `edited_arguments`: the call runs with these. `decided_by` None: nobody decided.
         */
        ApprovalResolved: {
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
            type: "approval.resolved";
            /** Approval Id */
            approval_id: string;
            /** Call Id */
            call_id: string;
            /**
             * Status
             * @enum {string}
             */
            status: "approved" | "denied" | "expired";
            /** Scope */
            scope: ("once" | "always") | null;
            /** Edited Arguments */
            edited_arguments: {
                [key: string]: components["schemas"]["JsonValue"];
            } | null;
            /**
             * Reason
             * @default
             */
            reason: string;
            /** Decided By */
            decided_by: string | null;
        };
        /**
         * BranchChoice
         * @description Which path a thread shall go on with: the newest one through this message.
         */
        BranchChoice: {
            /** Message Id */
            message_id: string;
        };
        /**
         * Budget
         * @description What a run may use before it asks whether to go on: each is optional, what is left out is not limited.
         *
         *     US dollars, tokens, steps (answers of the model), and seconds in which the run is carried.
         */
        Budget: {
            /** Cost Usd */
            cost_usd?: number | null;
            /** Tokens */
            tokens?: number | null;
            /** Steps */
            steps?: number | null;
            /** Seconds */
            seconds?: number | null;
        };
        /**
         * BudgetUse
         * @description A pool, which a run has for itself or shares, and how much of it is gone.
         *
         *     `reserved` is kept back for the model calls that are under way; `first` is what the pool began with.
         */
        BudgetUse: {
            /** Id */
            id: string;
            limit: components["schemas"]["Amounts"];
            /**
             * @default {
             *       "cost_usd": 0,
             *       "tokens": 0,
             *       "steps": 0,
             *       "seconds": 0
             *     }
             */
            used: components["schemas"]["Spending"];
            /**
             * @default {
             *       "cost_usd": 0,
             *       "tokens": 0,
             *       "steps": 0,
             *       "seconds": 0
             *     }
             */
            reserved: components["schemas"]["Spending"];
            /** @default {} */
            first: components["schemas"]["Amounts"];
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
         * CompactionPart
         * @description A decision to save room: the model reads `summary` in place of all up to the message with id `until`.
         *
         *     It stands for `messages` messages, `turns` of them the model's, those of earlier summaries included;
         *     `keeps` are ids of a person's messages that stay word for word all the same, the task above all.
         *     `summarised`: False when no summary could be made, and `summary` only says so.
         */
        CompactionPart: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "compaction";
            /** Summary */
            summary: string;
            /** Until */
            until: string;
            /**
             * Keeps
             * @default []
             */
            keeps: string[];
            /** Messages */
            messages: number;
            /** Turns */
            turns: number;
            /**
             * Summarised
             * @default true
             */
            summarised: boolean;
        };
        /**
         * ContextSize
         * @description How full the model's context window is, in tokens: what the conversation takes, and what there is.
         */
        ContextSize: {
            /** Tokens */
            tokens: number;
            /** Window */
            window: number;
        };
        /**
         * Decision
         * @description What a person decides about a call. To approve, name the hash of the arguments that you saw.
         */
        Decision: {
            /**
             * Decision
             * @enum {string}
             */
            decision: "approve" | "deny";
            /**
             * Arguments Hash
             * @description `arguments_hash` of the approval; needed to approve.
             */
            arguments_hash?: string | null;
            /**
             * Scope
             * @description `always`: nobody is asked about the approval's pattern in this thread.
             * @default once
             * @enum {string}
             */
            scope: "once" | "always";
            /**
             * Arguments
             * @description Approve the call with these arguments, all of them, in place of its own.
             */
            arguments?: {
                [key: string]: components["schemas"]["JsonValue"];
            } | null;
            /**
             * Reason
             * @description Why not; the model reads it.
             * @default
             */
            reason: string;
        };
        /**
         * Edit
         * @description A user's message, written anew.
         */
        Edit: {
            /** Model */
            model?: string | null;
            /** Agent Id */
            agent_id?: string | null;
            /**
             * @default {
             *       "dialect": "auto",
             *       "execute_tools": true,
             *       "execute_on_stream": false,
             *       "tool_execution": "sequential",
             *       "xml_adding_strategy": "user_message",
             *       "budget": {},
             *       "policy": {
             *         "ask": [],
             *         "deny": []
             *       }
             *     }
             */
            options: components["schemas"]["RunOptions"];
            /** Text */
            text: string;
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
         *
         *     `model` is the one that wrote an assistant's message: a fallback's name where the run's own was away.
         *     `parent_id` is the message that it follows: a thread is a tree, and a path of it is what a run reads.
         */
        Message: {
            /** Id */
            id: string;
            /** Thread Id */
            thread_id: string;
            /** Parent Id */
            parent_id: string | null;
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
            parts: (components["schemas"]["TextPart"] | components["schemas"]["ReasoningPart"] | components["schemas"]["ToolCallPart"] | components["schemas"]["ToolResultPart"] | components["schemas"]["ReferencesPart"] | components["schemas"]["CompactionPart"])[];
            /** Model */
            model: string | null;
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
         * @description A page of a path, oldest first. Its cursors are positions; `previous` is for `?before=`.
         */
        MessagePage: {
            /** Items */
            items: components["schemas"]["PlacedMessage"][];
            /** Next */
            next: string | null;
            /** Previous */
            previous: string | null;
        };
        /**
         * ModelChanged
         * @description Another model answers from here on: the run's own was away, or is back. `reason` says it in words.
         */
        ModelChanged: {
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
            type: "model.changed";
            /** From Model */
            from_model: string;
            /** To Model */
            to_model: string;
            /** Reason */
            reason: string;
        };
        /**
         * ModelInfo
         * @description A model. Windows in tokens, dollars a million tokens; None: not known.
         *
         *     `usable`: it can be called now, as far as this process knows; `note` says why not, or what it is.
         */
        ModelInfo: {
            /** Id */
            id: string;
            /** Provider */
            provider: string;
            /**
             * Usable
             * @default true
             */
            usable: boolean;
            /** Context Window */
            context_window: number | null;
            /** Max Output Tokens */
            max_output_tokens: number | null;
            /** Input Usd Per Million */
            input_usd_per_million: number | null;
            /** Cached Input Usd Per Million */
            cached_input_usd_per_million: number | null;
            /** Output Usd Per Million */
            output_usd_per_million: number | null;
            /**
             * Supports Tools
             * @default true
             */
            supports_tools: boolean;
            /** Supports Reasoning */
            supports_reasoning: boolean | null;
            /**
             * Note
             * @default
             */
            note: string;
        };
        /**
         * ModelList
         * @description The models that can be used, the one that runs get which name none, and what it falls back on.
         */
        ModelList: {
            /** Items */
            items: components["schemas"]["ModelInfo"][];
            /** Default */
            default: string;
            /**
             * Fallbacks
             * @default []
             */
            fallbacks: string[];
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
         * @description A message from the user; what it says of a run counts if one is made for it.
         */
        NewMessage: {
            /** Model */
            model?: string | null;
            /** Agent Id */
            agent_id?: string | null;
            /**
             * @default {
             *       "dialect": "auto",
             *       "execute_tools": true,
             *       "execute_on_stream": false,
             *       "tool_execution": "sequential",
             *       "xml_adding_strategy": "user_message",
             *       "budget": {},
             *       "policy": {
             *         "ask": [],
             *         "deny": []
             *       }
             *     }
             */
            options: components["schemas"]["RunOptions"];
            /** Text */
            text: string;
            /**
             * Delivery
             * @description `steer`: the run reads it after its present step. `interrupt`: the run leaves off what it does and reads it at once. `queue`: a run of its own, afterwards. Without a run under way each of them starts one. Left out: as `steer`, but without a run it is only stored.
             */
            delivery?: ("steer" | "interrupt" | "queue") | null;
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
         * Permission
         * @description An approval that was given for all of a thread: what matches `pattern` is not asked about again.
         */
        Permission: {
            /** Id */
            id: string;
            /** Thread Id */
            thread_id: string;
            /** Run Id */
            run_id: string;
            /** Pattern */
            pattern: string;
            /** Decided By */
            decided_by: string;
            /**
             * Decided At
             * Format: date-time
             */
            decided_at: string;
        };
        /**
         * PermissionList
         * @description What is allowed for good in a thread.
         */
        PermissionList: {
            /** Items */
            items: components["schemas"]["Permission"][];
        };
        /**
         * PlacedMessage
         * @description A message on a path. `siblings`: the ids of all messages with the same parent, its own among them.
         *
         *     In the order of storing: the place in it is the `2` of "2 of 3".
         */
        PlacedMessage: {
            /** Id */
            id: string;
            /** Thread Id */
            thread_id: string;
            /** Parent Id */
            parent_id: string | null;
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
            parts: (components["schemas"]["TextPart"] | components["schemas"]["ReasoningPart"] | components["schemas"]["ToolCallPart"] | components["schemas"]["ToolResultPart"] | components["schemas"]["ReferencesPart"] | components["schemas"]["CompactionPart"])[];
            /** Model */
            model: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Siblings */
            siblings: string[];
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
         *
         *     `budget` is what the choice to extend adds to the run's budget.
         */
        Question: {
            /**
             * Reason
             * @enum {string}
             */
            reason: "question" | "unknown_outcome" | "limit" | "budget" | "stuck" | "tool_results" | "approval";
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
            budget: components["schemas"]["Amounts"] | null;
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
         * ReferencesPart
         * @description A decision to save room: from here on the model reads only the begin of these, and how to read more.
         *
         *     `ids` are those of calls, whose outputs are meant, or of a person's messages.
         */
        ReferencesPart: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "references";
            /** Ids */
            ids: string[];
        };
        /**
         * Restrictions
         * @description What the caller of one run may add to the rules: it can only become stricter.
         */
        Restrictions: {
            /**
             * Deny
             * @description Patterns of calls that are refused in this run.
             * @default []
             */
            deny: string[];
            /**
             * Ask
             * @description Patterns of calls that a person is asked about.
             * @default []
             */
            ask: string[];
        };
        /**
         * Run
         * @description One run of the agent on a thread.
         *
         *     `message_id` is the user's message that it works on; while the run waits for its turn there is none, and
         *     `input` holds the text. `unread` is what was sent into it since its last step.
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
             *       "execute_tools": true,
             *       "execute_on_stream": false,
             *       "tool_execution": "sequential",
             *       "xml_adding_strategy": "user_message",
             *       "budget": {},
             *       "policy": {
             *         "ask": [],
             *         "deny": []
             *       }
             *     }
             */
            options: components["schemas"]["RunOptions"];
            /** Message Id */
            message_id: string | null;
            /** Input */
            input: string | null;
            /**
             * Unread
             * @default []
             */
            unread: components["schemas"]["UnreadMessage"][];
            /** Attempt */
            attempt: number;
            /** Step */
            step: number;
            /**
             * @default {
             *       "input_tokens": 0,
             *       "cached_tokens": 0,
             *       "cache_write_tokens": 0,
             *       "output_tokens": 0
             *     }
             */
            usage: components["schemas"]["Usage"];
            budget: components["schemas"]["BudgetUse"] | null;
            plan: components["schemas"]["Plan"] | null;
            question: components["schemas"]["Question"] | null;
            /** Finish Reason */
            finish_reason: ("complete" | "answered" | "length" | "budget" | "stuck") | null;
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
         * @description The answer to a run's question: words, or a choice's own.
         *
         *     `budget` gives more to a run that asks for it, with or without words; `results` are the outputs by call id
         *     of a run that waits for `tool_results`.
         */
        RunAnswer: {
            /** Text */
            text?: string | null;
            budget?: components["schemas"]["Budget"] | null;
            /** Results */
            results?: {
                [key: string]: string;
            } | null;
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
         * RunChoices
         * @description How a run shall work. Unset: as the run before, or as the agent or the service has it.
         */
        RunChoices: {
            /** Model */
            model?: string | null;
            /** Agent Id */
            agent_id?: string | null;
            /**
             * @default {
             *       "dialect": "auto",
             *       "execute_tools": true,
             *       "execute_on_stream": false,
             *       "tool_execution": "sequential",
             *       "xml_adding_strategy": "user_message",
             *       "budget": {},
             *       "policy": {
             *         "ask": [],
             *         "deny": []
             *       }
             *     }
             */
            options: components["schemas"]["RunOptions"];
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
            reason: "complete" | "answered" | "length" | "budget" | "stuck";
            usage: components["schemas"]["Usage"];
            /**
             * Deliverables
             * @default []
             */
            deliverables: string[];
        };
        /**
         * RunOptions
         * @description What the caller of a run may choose; what is left out is as the service's own defaults say.
         */
        RunOptions: {
            /**
             * Dialect
             * @description How the model writes its calls: `native` in its provider's own form, `invoke` or `tag` in XML. `auto`: native where the model has it, else `invoke`.
             * @default auto
             * @enum {string}
             */
            dialect: "auto" | "native" | "invoke" | "tag";
            /**
             * Xml Tool Calling
             * @description Whether calls written in XML in the text are taken. None: as the dialect says. With both ways on, the model may use either; with both off it is offered no tools and only answers.
             */
            xml_tool_calling?: boolean | null;
            /**
             * Native Tool Calling
             * @description Whether the model is given tools in its provider's own form. None: as the dialect says.
             */
            native_tool_calling?: boolean | null;
            /**
             * Execute Tools
             * @description False: the caller runs the tools. After a message with calls the run waits with a question of reason `tool_results`, and POST /v1/runs/{run_id}/input with `results` (outputs by call id) lets it go on. `ask` and `complete` still work.
             * @default true
             */
            execute_tools: boolean;
            /**
             * Execute On Stream
             * @description Begin a call as soon as it is complete, while the model still talks.
             * @default false
             */
            execute_on_stream: boolean;
            /**
             * Tool Execution
             * @description Run the calls of one message one after another, or up to eight side by side.
             * @default sequential
             * @enum {string}
             */
            tool_execution: "sequential" | "parallel";
            /**
             * Xml Adding Strategy
             * @description Where the results of XML calls stand for the model: `user_message`, a message after the one that made them; `assistant_message`, at that one's end; `inline_edit`, in it, each behind its call.
             * @default user_message
             * @enum {string}
             */
            xml_adding_strategy: "user_message" | "assistant_message" | "inline_edit";
            /**
             * Max Xml Tool Calls
             * @description End a message of the model after so many calls in XML.
             */
            max_xml_tool_calls?: number | null;
            /**
             * Max Auto Continues
             * @description How often in a row an answer is gone on with that the limit of length has cut.
             */
            max_auto_continues?: number | null;
            /**
             * Step Limit
             * @description Ask after so many steps: the same as `budget.steps`.
             */
            step_limit?: number | null;
            /**
             * @description What the run may use before it asks for more.
             * @default {}
             */
            budget: components["schemas"]["Budget"];
            /**
             * @description Calls to refuse and calls to ask about first, beside what the agent's own rules say.
             * @default {
             *       "deny": [],
             *       "ask": []
             *     }
             */
            policy: components["schemas"]["Restrictions"];
            /**
             * Fallback Models
             * @description Models to try in order when the run's own cannot be used. None: the agent's, else the service's; an empty list: none.
             */
            fallback_models?: string[] | null;
            /**
             * Effort
             * @description How hard the model reasons. None: as it does by itself.
             */
            effort?: ("none" | "low" | "medium" | "high") | null;
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
             *       "execute_tools": true,
             *       "execute_on_stream": false,
             *       "tool_execution": "sequential",
             *       "xml_adding_strategy": "user_message",
             *       "budget": {},
             *       "policy": {
             *         "ask": [],
             *         "deny": []
             *       }
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
         * RunSteered
         * @description A message was sent into the run; `message.created` with its id tells when the run reads it.
         */
        RunSteered: {
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
            type: "run.steered";
            message: components["schemas"]["UnreadMessage"];
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
         * Sent
         * @description What became of a message, and the run that reads it.
         */
        Sent: {
            /**
             * Outcome
             * @enum {string}
             */
            outcome: "sent" | "answered" | "queued";
            run: components["schemas"]["Run"];
        };
        /**
         * Snapshot
         * @description The whole state of a run, sent as `reset` when a cursor is too old: forget all, start from this.
         *
         *     `seq` is the last event that the snapshot includes; the stream goes on after it. `approvals` are those
         *     that are pending.
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
            /**
             * Approvals
             * @default []
             */
            approvals: components["schemas"]["Approval"][];
        };
        /**
         * Spending
         * @description What was used. A model call whose price is not known adds no money.
         */
        Spending: {
            /**
             * Cost Usd
             * @default 0
             */
            cost_usd: number;
            /**
             * Tokens
             * @default 0
             */
            tokens: number;
            /**
             * Steps
             * @default 0
             */
            steps: number;
            /**
             * Seconds
             * @default 0
             */
            seconds: number;
        };
        /**
         * TaskChange
         * @description The task of a run that waits for its turn, written anew.
         */
        TaskChange: {
            /** Input */
            input: string;
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
         *
         *     `seams`: the offsets, in characters, at which the limit of length had cut the text, which then went on.
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
            /**
             * Seams
             * @default []
             */
            seams: number[];
        };
        /**
         * Thread
         * @description A conversation. `last_position` is that of its newest message, 0 when it has none.
         *
         *     A thread is a tree of messages; `leaf_id` is the one that the next message follows.
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
            /** Leaf Id */
            leaf_id: string | null;
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
         * ThreadTitled
         * @description The thread was given a title, since nobody had given it one.
         */
        ThreadTitled: {
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
            type: "thread.titled";
            /** Thread Id */
            thread_id: string;
            /** Title */
            title: string;
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
         * UnreadMessage
         * @description A message that was sent into a run and that it reads next. `id` is that of the message it becomes.
         */
        UnreadMessage: {
            /** Id */
            id: string;
            /** Text */
            text: string;
            /**
             * Delivery
             * @enum {string}
             */
            delivery: "steer" | "interrupt";
            /**
             * Sent At
             * Format: date-time
             */
            sent_at: string;
        };
        /**
         * Usage
         * @description Tokens and money of one or more model calls. `cost_usd` is None where no price is known.
         *
         *     `input_tokens` counts all of the prompt; of these, `cached_tokens` were read from the provider's cache and
         *     `cache_write_tokens` written to it.
         *     `context` is how full the window was after the newest of the calls that told.
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
             * Cache Write Tokens
             * @default 0
             */
            cache_write_tokens: number;
            /**
             * Output Tokens
             * @default 0
             */
            output_tokens: number;
            /** Cost Usd */
            cost_usd: number | null;
            context: components["schemas"]["ContextSize"] | null;
        };
        /**
         * UsageRecorded
         * @description What one call of a model used, and why its response ended.
         *
         *     `model` is the one that answered, `purpose` what it was asked for.
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
            /** Finish Reason */
            finish_reason: ("stop" | "tool_calls" | "length" | "content_filter" | "xml_tool_limit_reached" | "agent_terminated" | "interrupted") | null;
            /**
             * Purpose
             * @default step
             * @enum {string}
             */
            purpose: "step" | "title";
            budget: components["schemas"]["BudgetUse"] | null;
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
            query?: {
                /** @description Also models whose provider's key is missing. */
                all?: boolean;
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
                /** @description The newest path through this message. */
                leaf?: string | null;
                /** @description Read backwards: a position, or `end` for the newest messages. */
                before?: string | null;
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
                    "application/json": components["schemas"]["Message"] | components["schemas"]["Sent"];
                };
            };
            /** @description A run reads it. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sent"];
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
                /** @description Only those in this status. */
                status?: ("queued" | "running" | "awaiting_input" | "stopping" | "finished" | "failed" | "stopped") | null;
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
    update_run: {
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
                "application/json": components["schemas"]["TaskChange"];
            };
        };
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
    edit_message: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key on the same thread gives the same run. At most 200 characters. */
                "idempotency-key"?: string | null;
            };
            path: {
                thread_id: string;
                message_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Edit"];
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
    retry_message: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key on the same thread gives the same run. At most 200 characters. */
                "idempotency-key"?: string | null;
            };
            path: {
                thread_id: string;
                message_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RunChoices"];
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
    retry_run: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key on the same thread gives the same run. At most 200 characters. */
                "idempotency-key"?: string | null;
            };
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RunChoices"];
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
    choose_branch: {
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
                "application/json": components["schemas"]["BranchChoice"];
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
    list_approvals: {
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
                    "application/json": components["schemas"]["ApprovalList"];
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
    decide_approval: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                run_id: string;
                approval_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Decision"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
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
    list_permissions: {
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
                    "application/json": components["schemas"]["PermissionList"];
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
    revoke_permission: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                thread_id: string;
                permission_id: string;
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
                    "text/event-stream": components["schemas"]["RunQueued"] | components["schemas"]["RunStarted"] | components["schemas"]["RunAwaiting"] | components["schemas"]["RunResumed"] | components["schemas"]["RunSteered"] | components["schemas"]["RunFinished"] | components["schemas"]["RunFailed"] | components["schemas"]["RunStopped"] | components["schemas"]["MessageCreated"] | components["schemas"]["MessageDiscarded"] | components["schemas"]["ToolStarted"] | components["schemas"]["ToolFinished"] | components["schemas"]["ApprovalRequested"] | components["schemas"]["ApprovalResolved"] | components["schemas"]["PlanUpdated"] | components["schemas"]["ModelChanged"] | components["schemas"]["ThreadTitled"] | components["schemas"]["UsageRecorded"] | components["schemas"]["SandboxChanged"] | components["schemas"]["FileChanged"] | components["schemas"]["TextDelta"] | components["schemas"]["ReasoningDelta"] | components["schemas"]["ToolArgumentsDelta"] | components["schemas"]["ToolOutputDelta"] | components["schemas"]["Snapshot"];
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
