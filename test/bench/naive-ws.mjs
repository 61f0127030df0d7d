/**
 * What one writes first: a `ws` server that keeps its clients in a set and sends each event to each of
 * them. Events come as lines on a second port: extensions, a tab, the document. `/1001` subscribes to one
 * extension, `/` to everything.
 */
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { WebSocketServer } from 'ws';

const [port, publishPort] = process.argv.slice(2).map(Number);
const everybody = new Set();
const byExtension = new Map();

const feed = new WebSocketServer({
  host: '127.0.0.1',
  port,
  backlog: 4096,
  perMessageDeflate: false,
});
feed.on('connection', (client, request) => {
  const extension = request.url.slice(1);
  let clients = everybody;
  if (extension !== '') {
    clients = byExtension.get(extension) ?? new Set();
    byExtension.set(extension, clients);
  }
  clients.add(client);
  client.on('close', () => clients.delete(client));
  client.on('error', () => client.terminate());
});

createServer((socket) => {
  socket.on('error', () => socket.destroy());
  createInterface({ input: socket }).on('line', (line) => {
    const tab = line.indexOf('\t');
    const document = line.slice(tab + 1);
    for (const client of everybody) client.send(document);
    if (byExtension.size === 0) return;
    for (const extension of line.slice(0, tab).split(' ')) {
      for (const client of byExtension.get(extension) ?? []) client.send(document);
    }
  });
}).listen(publishPort, '127.0.0.1');
