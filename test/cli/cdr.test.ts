import { describe, expect, it } from 'vitest';
import { indentedXml } from '../../src/cli/cdr.ts';

describe('a record on a terminal', () => {
  it('has one element a line', () => {
    const xml =
      '<?xml version="1.0" encoding="UTF-8"?><verbacdr state="1"><id>c1</id>' +
      '<source_name>A &gt;&lt; B</source_name><empty/></verbacdr>\n';
    expect(indentedXml(xml).split('\n')).toEqual([
      '<?xml version="1.0" encoding="UTF-8"?>',
      '<verbacdr state="1">',
      '  <id>c1</id>',
      '  <source_name>A &gt;&lt; B</source_name>',
      '  <empty/>',
      '</verbacdr>',
    ]);
  });

  it('cannot move the cursor', () => {
    expect(indentedXml('<verbacdr><id>\u009b2J</id></verbacdr>')).toContain('<id>\ufffd2J</id>');
  });
});
