// Logs, commands, files and ports of containers.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, mkdir, readFile, writeFile } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import * as k8s from '@kubernetes/client-node';

// Gathers what is written; `until` waits for a text in it.
class Gathered extends Writable {
    text = '';
    #waiting = [];

    _write(piece, _, done) {
        this.text += piece.toString();
        this.#waiting = this.#waiting.filter(([wanted, resolve]) => !(this.text.includes(wanted) && (resolve(), true)));
        done();
    }

    until(wanted) {
        return this.text.includes(wanted) ? Promise.resolve() : new Promise((resolve) => this.#waiting.push([wanted, resolve]));
    }
}

export async function logs(config, namespace) {
    const api = config.makeApiClient(k8s.CoreV1Api);
    const read = (options) => api.readNamespacedPodLog({ namespace, name: 'five', ...options });
    return { whole: await read({}), tail: await read({ tailLines: 2 }), limit: await read({ limitBytes: 3 }) };
}

export async function follow(config, namespace) {
    const out = new Gathered();
    const following = await new k8s.Log(config).log(namespace, 'ticker', 'main', out, { follow: true });
    await out.until('tick\ntick\ntick\n');
    following.abort();
    return out.text.split('\n').slice(0, 3);
}

// Runs a command to its end; returns what it said, and the Status.
async function run(config, namespace, command, { stdin = null, out = new Gathered(), tty = false } = {}) {
    const err = tty ? null : new Gathered();
    const status = await new Promise((resolve, refuse) => {
        new k8s.Exec(config).exec(namespace, 'box', 'main', command, out, err, stdin, tty, resolve).catch(refuse);
    });
    const cause = status.details?.causes?.find((one) => one.reason === 'ExitCode');
    const code = status.status === 'Success' ? 0 : cause ? Number(cause.message) : undefined;
    return { stdout: out.text, stderr: err?.text, code, message: status.message };
}

export async function exec(config, namespace) {
    const { stdout, stderr, code } = await run(config, namespace, ['sh', '-c', 'echo out; echo err >&2; exit 3']);
    return { stdout, stderr, code };
}

export async function execStdin(config, namespace) {
    const stdin = new PassThrough();
    stdin.end('typed\n' + 'x'.repeat(1_000_000));
    const { stdout } = await run(config, namespace, ['sh', '-c', 'read word; echo got $word; wc -c'], { stdin });
    return stdout.split(/\s+/).filter((word) => word);
}

export async function execTTY(config, namespace) {
    const stdin = new PassThrough();
    const out = Object.assign(new Gathered(), { columns: 123, rows: 45 });
    const running = run(config, namespace, ['sh'], { stdin, out, tty: true });
    await out.until('#');
    // The size goes its own way, and may come later than what is typed.
    stdin.write('until stty size | grep -q 123; do sleep 0.1; done; stty size; exit 7\n');
    const { code } = await running;
    return { size: out.text.includes('45 123'), code };
}

export async function execMissing(config, namespace) {
    return (await run(config, namespace, ['no-such-command'])).message;
}

export async function attach(config, namespace) {
    const [stdin, out] = [new PassThrough(), new Gathered()];
    const attached = await new k8s.Attach(config).attach(namespace, 'parrot', 'main', out, null, stdin, false);
    stdin.write('hello\n');
    await out.until('\n');
    attached.close();
    return out.text;
}

const digest = (data) => createHash('sha256').update(data).digest('hex');

export async function copy(config, namespace) {
    const [here, back] = [await mkdtemp(path.join(tmpdir(), 'here-')), await mkdtemp(path.join(tmpdir(), 'back-'))];
    const data = randomBytes(5 << 20);
    await mkdir(path.join(here, 'folder'));
    await writeFile(path.join(here, 'folder', 'copied'), data);
    const copier = new k8s.Cp(config);
    await copier.cpToPod(namespace, 'box', 'main', here, '/tmp');
    await complete(() => run(config, namespace, ['sh', '-c', 'sha256sum /tmp/folder/copied | cut -c 1-64']).then((end) => end.stdout.trim() === digest(data)));
    await copier.cpFromPod(namespace, 'box', 'main', 'folder/copied', back, '/tmp');
    await complete(async () => digest(await readFile(path.join(back, 'folder', 'copied')).catch(() => '')) === digest(data));
    return { name: 'copied', same: true };
}

// The client does not say when a copy is complete.
async function complete(check) {
    while (!(await check())) {
        await sleep(50);
    }
}

// A port of this machine that leads to one of the box's.
async function forwarded(config, namespace, port) {
    const problems = new Gathered();
    const forwarder = new k8s.PortForward(config);
    const server = net.createServer((socket) => forwarder.portForward(namespace, 'box', [port], socket, problems, socket));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { server, problems, address: `http://127.0.0.1:${server.address().port}/` };
}

function get(address) {
    return new Promise((resolve, refuse) => {
        http.get(address, { headers: { connection: 'close' } }, (answer) => {
            const page = new Gathered();
            answer.pipe(page).on('finish', () => resolve(page.text));
        }).on('error', refuse);
    });
}

export async function forward(config, namespace) {
    const { server, address } = await forwarded(config, namespace, 80);
    const pages = await Promise.all([1, 2, 3, 4].map(() => get(address)));
    server.close();
    return pages.map((page) => page.includes('Welcome to nginx'));
}

export async function forwardRefused(config, namespace) {
    const { server, problems, address } = await forwarded(config, namespace, 81);
    get(address).catch(() => undefined);
    await problems.until('connection refused');
    server.close();
    return true;
}

export async function proxy(config, namespace) {
    const page = await config.makeApiClient(k8s.CoreV1Api).connectGetNamespacedPodProxyWithPath({ namespace, name: 'box', path: '' });
    return String(page).includes('Welcome to nginx');
}
