// Plays the story of tests/clients/test_official_clients.py with @kubernetes/client-node and prints what each step saw as one JSON object.
import { logs, follow, exec, execStdin, execTTY, execMissing, attach, copy, forward, forwardRefused, proxy } from './streams.mjs';
import { conflict, discovery, generic, informer, patch, pods, watch } from './objects.mjs';
import { KubeConfig } from '@kubernetes/client-node';

const STEP_MS = 300_000;

const config = new KubeConfig();
config.loadFromDefault();

function limited(promise) {
    const late = new Promise((_, refuse) => setTimeout(() => refuse(new Error(`not within ${STEP_MS} ms`)), STEP_MS).unref());
    return Promise.race([promise, late]);
}

// The client throws some of its errors where nobody can catch them: they fail the step that is going on, unless it was we who hung up.
let fail = () => undefined;
process.on('uncaughtException', (problem) => problem.name !== 'AbortError' && fail(problem));

const steps = {
    discovery, pods, patch, conflict, watch, informer, generic,
    logs, follow, exec, exec_stdin: execStdin, exec_tty: execTTY, exec_missing: execMissing,
    attach, copy, forward, forward_refused: forwardRefused, proxy,
};
const told = {};
for (const [name, step] of Object.entries(steps)) {
    try {
        const thrown = new Promise((_, refuse) => (fail = refuse));
        told[name] = await Promise.race([limited(step(config, process.env.NAMESPACE)), thrown]);
    } catch (problem) {
        told[name] = { failed: String(problem.stack ?? problem.message ?? problem) };
    }
}
process.stdout.write(JSON.stringify(told) + '\n', () => process.exit(0));
