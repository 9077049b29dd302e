;; A WASI command that never ends. Tenon stops it at its instruction limit, always after the same instruction.
(module
  (memory (export "memory") 1)
  (func (export "_start")
    (loop $again
      (br $again))))
