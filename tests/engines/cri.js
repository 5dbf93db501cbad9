#!/usr/bin/env node
// cri.js SOCKET HANDLER COMMAND...: a pod on the host's network, with one container of the image "box";
// its start, `COMMAND...` in it by ExecSync, its end and its removal, by the CRI (runtime.v1). Prints what
// it hears, a line for each call. gRPC is a POST over HTTP/2 of a message with five bytes before it.
'use strict';
const http2 = require('http2');
const net = require('net');
const [socket, handler, ...command] = process.argv.slice(2);

function varint(n) {
	const out = [];
	for (; n > 127; n = Math.floor(n / 128)) out.push((n & 127) | 128);
	return Buffer.from([...out, n]);
}
// message([field, value]...): a number, a string, or a message that is encoded already.
function message(...fields) {
	return Buffer.concat(fields.flatMap(([field, value]) => {
		if (typeof value === 'number') return [varint(field << 3), varint(value)];
		const bytes = Buffer.from(value);
		return [varint((field << 3) | 2), varint(bytes.length), bytes];
	}));
}
function decode(bytes) {
	const fields = {};
	let at = 0;
	const number = () => {
		let n = 0, scale = 1, b;
		do { b = bytes[at++]; n += (b & 127) * scale; scale *= 128; } while (b & 128);
		return n;
	};
	while (at < bytes.length) {
		const tag = number();
		let value = number();
		if ((tag & 7) === 2) {
			const length = value;
			value = bytes.subarray(at, at += length);
		}
		fields[tag >> 3] = value;
	}
	return fields;
}

const client = http2.connect('http://localhost', { createConnection: () => net.connect(socket) });
function call(method, request) {
	return new Promise((resolve, reject) => {
		const stream = client.request({ ':method': 'POST', ':path': `/runtime.v1.RuntimeService/${method}`,
			'content-type': 'application/grpc', te: 'trailers' });
		const chunks = [];
		let trailers = {};
		const head = Buffer.alloc(5);
		head.writeUInt32BE(request.length, 1);
		stream.on('response', (h) => { if (h['grpc-status']) trailers = h; });
		stream.on('trailers', (t) => { trailers = t; });
		stream.on('data', (c) => chunks.push(c));
		stream.on('error', reject);
		stream.on('end', () => {
			if (Number(trailers['grpc-status']) !== 0)
				return reject(new Error(`${method}: ${decodeURIComponent(trailers['grpc-message'] || '?')}`));
			resolve(decode(Buffer.concat(chunks).subarray(5)));
		});
		stream.end(Buffer.concat([head, request]));
	});
}
const text = (b) => (b ? b.toString() : '');

async function main() {
	const onHost = message([1, message([1, 2])]);
	const sandbox = message([1, message([1, 'pod'], [2, 'uid'], [3, 'default'])],
		[8, message([2, onHost])]);
	const pod = text((await call('RunPodSandbox', message([1, sandbox], [2, handler])))[1]);
	console.log('pod runs');
	const config = message([1, message([1, 'c'])], [2, message([1, 'docker.io/library/box:latest'])],
		[3, 'sleep'], [4, '1000'], [15, message([2, message([3, message([1, 2])])])]);
	const id = text((await call('CreateContainer', message([1, pod], [2, config], [3, sandbox])))[1]);
	const state = async () => {
		const s = decode((await call('ContainerStatus', message([1, id])))[1]);
		return `state ${s[3] || 0} exit ${s[7] || 0}`;
	};
	console.log(await state());
	await call('StartContainer', message([1, id]));
	console.log(await state());
	const done = await call('ExecSync', message([1, id], ...command.map((w) => [2, w]), [3, 10]));
	console.log(`exec said ${text(done[1]).trim()} exit ${done[3] || 0}`);
	await call('StopContainer', message([1, id], [2, 1]));
	console.log(await state());
	await call('RemoveContainer', message([1, id]));
	await call('StopPodSandbox', message([1, pod]));
	await call('RemovePodSandbox', message([1, pod]));
	console.log('pod is gone');
}
main().then(() => client.close(), (e) => {
	console.error(e.message);
	process.exit(1);
});
