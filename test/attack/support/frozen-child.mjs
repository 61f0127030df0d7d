/**
 * Peers that fall silent: subscribes over TCP and WebSocket, answers keep-alives as it should, says that it
 * is ready, and is then stopped in its tracks by its parent. Its kernel goes on to acknowledge; nobody else
 * does.
 */
import { connect } from 'node:net';
import { WebSocket } from 'ws';

const [feedPort, httpPort, count] = process.argv.slice(2).map(Number);
const subscribe =
  '<VerbaApi><Request type="SubscribeOnCallEvent" id="1"><Extension number="none"/><Feed ack="true"/></Request></VerbaApi>';
const acknowledge = '<VerbaApi><Request type="Keepalive"/></VerbaApi>';

const ready = [];
for (let n = 0; n < count; n += 1) {
  ready.push(
    new Promise((resolve) => {
      const socket = connect(feedPort, '127.0.0.1', () => socket.write(subscribe));
      socket.on('error', () => socket.destroy());
      socket.on('data', () => {
        socket.write(acknowledge);
        resolve();
      });
    }),
    new Promise((resolve) => {
      const webSocket = new WebSocket(`ws://127.0.0.1:${httpPort}/feed`);
      webSocket.on('error', () => webSocket.terminate());
      webSocket.on('open', () => webSocket.send(subscribe));
      webSocket.on('message', () => {
        if (webSocket.readyState === WebSocket.OPEN) webSocket.send(acknowledge);
        resolve();
      });
    }),
  );
}
await Promise.all(ready);
process.send('ready');
process.on('disconnect', () => process.exit());
