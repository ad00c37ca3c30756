/* Elements of 4 and 2 bits: several in a byte, low bits first; the last byte's unused bits are 0. */
#include "formats/onnx/onnx_parts.h"

bool onnx_is_packed(ElementType type) {
  return element_bits(type) > 0 && element_bits(type) < 8;
}

size_t onnx_packed_bytes(ElementType type, size_t count) {
  size_t in_a_byte = 8 / (size_t)element_bits(type);
  return count / in_a_byte + (count % in_a_byte != 0);
}

void onnx_unpack_byte(Tensor *tensor, size_t byte, uint8_t bits_of_byte) {
  int bits = element_bits(tensor->type), in_a_byte = 8 / bits;
  size_t count = (size_t)tensor_elements(tensor);
  uint8_t *to = tensor->data;
  for (int part = 0; part < in_a_byte; part++) {
    size_t i = byte * (size_t)in_a_byte + (size_t)part;
    int code = bits_of_byte >> part * bits & ((1 << bits) - 1);
    if (element_is_signed(tensor->type) && code >> (bits - 1) != 0) code -= 1 << bits;
    if (i < count) to[i] = (uint8_t)code;
  }
}

void onnx_pack(const Tensor *tensor, uint8_t *packed) {
  int bits = element_bits(tensor->type);
  size_t count = (size_t)tensor_elements(tensor), in_a_byte = 8 / (size_t)bits;
  const uint8_t *from = tensor->data;
  for (size_t i = 0; i < count; i++) {
    int shift = (int)(i % in_a_byte) * bits;
    uint8_t code = (uint8_t)((from[i] & ((1 << bits) - 1)) << shift);
    packed[i / in_a_byte] = shift == 0 ? code : packed[i / in_a_byte] | code;
  }
}
