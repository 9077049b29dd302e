;; Returns without a word.
;; expect: run invalid_output
(module
  (memory (export "memory") 1)
  (func (export "_start")
    nop))
