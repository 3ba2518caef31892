// A program that does what its instruction says: it logs, emits data as Anchor's emit! does, calls other programs, and
// fails. The test puts it at two addresses, so that one can call or counterfeit the other.
//
// The instruction's data is a list of steps, each an opcode byte, a little-endian u16 length, and so many bytes:
//   'd' the bytes as "Program data:"      'l' the bytes as "Program log:"
//   'e' a tag of eight bytes and an event, told twice: as "Program data:", and with the tag by a call of the program to itself
//   'c' a call: 32 bytes of program id, the rest is that program's instruction data
//   'f' fail with the custom error that the length field holds (no bytes follow)
//   'r' the last text again, as many times as the length field says (no bytes follow)
// Data that begins with the tag is an event that somebody tells: nothing is done.
//
// No initialised data and no string constants: the object must consist of one .text section (see svm_link_test.go).

typedef unsigned char byte;
typedef unsigned long word;

struct slice { const byte *at; word size; };
struct account { const byte *key; byte writable, signer; };
struct call { const byte *program; const struct account *accounts; word count; const byte *data; word size; };

extern word sol_log_(const byte *, word);
extern word sol_log_data(const struct slice *, word);
extern word sol_invoke_signed_c(const struct call *, const void *, word, const void *, word);

enum { growth = 10240, most = 8, malformed = 0xBAD, tag_size = 8 };

#define TAG 0x1d9acb512ea545e4ull // in memory e4 45 a5 2e 51 cb 9a 1d

static word u64_at(const byte *p) { return *(const word *)p; }

// The input begins with the accounts: 8 bytes of flags, two keys, lamports, the data with its length and room to grow,
// padding, and the rent epoch; one that came before takes 8 bytes. Those that are programs are passed on to whatever is
// called, so that it can call on.
static const byte *behind_accounts(const byte *p, struct account *accounts, word *count) {
  word left = u64_at(p);
  *count = 0;
  for (p += 8; left > 0; left--) {
    if (*p != 0xff) {
      p += 8;
      continue;
    }
    if (p[3] && *count < most) { // executable
      struct account *next = &accounts[(*count)++];
      next->key = p + 8;
      next->writable = next->signer = 0;
    }
    word size = u64_at(p + 80);
    p += 88 + size + growth;
    p = (const byte *)(((word)p + 7) & ~(word)7) + 8;
  }
  return p;
}

extern word entrypoint(const byte *input) {
  struct account accounts[most];
  word count;
  struct slice text = {input, 0};
  const byte *p = behind_accounts(input, accounts, &count);
  const byte *end = p + 8 + u64_at(p);
  const byte *self = end; // the program's own id follows the data
  p += 8;
  if (p + tag_size <= end && u64_at(p) == TAG) return 0;
  while (p + 3 <= end) {
    byte step = p[0];
    word size = p[1] | (word)p[2] << 8;
    p += 3;
    if (step == 'f') return size;
    if (step == 'r') {
      while (size-- > 0) sol_log_(text.at, text.size);
      continue;
    }
    if (p + size > end) return malformed;
    if (step == 'd') {
      struct slice one = {p, size};
      sol_log_data(&one, 1);
    } else if (step == 'e' && size >= tag_size) {
      struct slice one = {p + tag_size, size - tag_size};
      sol_log_data(&one, 1);
      struct call call = {self, accounts, count, p, size};
      sol_invoke_signed_c(&call, 0, 0, 0, 0);
    } else if (step == 'l') {
      text.at = p;
      text.size = size;
      sol_log_(p, size);
    } else if (step == 'c' && size >= 32) {
      struct call call = {p, accounts, count, p + 32, size - 32};
      sol_invoke_signed_c(&call, 0, 0, 0, 0);
    } else {
      return malformed;
    }
    p += size;
  }
  return p == end ? 0 : malformed;
}
