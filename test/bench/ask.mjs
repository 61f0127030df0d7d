/** Asking a child process to do something by name, and waiting for what it answers. */

/** @param child forked; answers `{ id, value }` or `{ id, error }` to each `{ id, name, about }` */
export function asker(child) {
  const waiting = new Map();
  let asked = 0;
  child.on('message', ({ id, value, error }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(value);
    else reject(new Error(`In the load process: ${error}`));
  });
  child.once('exit', (code) => {
    for (const { reject } of waiting.values())
      reject(new Error(`The load process ended: ${code}.`));
  });
  return (name, about = {}) =>
    new Promise((resolve, reject) => {
      asked += 1;
      waiting.set(asked, { resolve, reject });
      child.send({ id: asked, name, about });
    });
}

/** The other side: does what it is asked, by the names in `work`. */
export function answerer(work) {
  process.on('message', ({ id, name, about }) => {
    Promise.resolve()
      .then(() => work[name](about))
      .then(
        (value) => process.send({ id, value }),
        (error) => process.send({ id, error: error.stack }),
      );
  });
  process.on('disconnect', () => process.exit());
}
