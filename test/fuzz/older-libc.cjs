/**
 * The fuzzer's ready-made addon asks for three functions by names of glibc 2.38 and GCC 13, which Debian 12
 * does not have; functions of older names do the same there. Preloaded, this lets the addon load all the same:
 * from a copy in which those versions are only a wish, beside a small library that has the names.
 */
const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const newer = ['GLIBC_2.38', 'GLIBCXX_3.4.32'];
const folder = process.env.OFFHOOK_FUZZ_FOLDER;
const load = process.dlopen.bind(process);

process.dlopen = (module, file, ...flags) => {
  if (!/fuzzer-linux-\w+\.node$/.test(file)) return load(module, file, ...flags);
  const copy = join(folder, 'fuzzer.node');
  writeFileSync(copy, withWishes(readFileSync(file), newer));
  return load(module, copy, ...flags);
};

/** ELF 64, little endian: finds the needed versions by their names and marks them weak. */
function withWishes(elf, versions) {
  const table = Number(elf.readBigUInt64LE(0x28));
  const size = elf.readUInt16LE(0x3a);
  const section = (n) => table + n * size;
  for (let n = 0; n < elf.readUInt16LE(0x3c); n += 1) {
    // SHT_GNU_verneed; its names are in the section that it links to.
    if (elf.readUInt32LE(section(n) + 4) !== 0x6ffffffe) continue;
    const start = Number(elf.readBigUInt64LE(section(n) + 0x18));
    const names = section(elf.readUInt32LE(section(n) + 0x28));
    const text = Number(elf.readBigUInt64LE(names + 0x18));
    for (let need = start; ;) {
      let aux = need + elf.readUInt32LE(need + 8);
      for (let left = elf.readUInt16LE(need + 2); left > 0; left -= 1) {
        const name = text + elf.readUInt32LE(aux + 8);
        const weak = 2;
        if (versions.includes(elf.toString('latin1', name, elf.indexOf(0, name)))) {
          elf.writeUInt16LE(elf.readUInt16LE(aux + 4) | weak, aux + 4);
        }
        aux += elf.readUInt32LE(aux + 12);
      }
      const next = elf.readUInt32LE(need + 12);
      if (next === 0) break;
      need += next;
    }
  }
  return elf;
}
