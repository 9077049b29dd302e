;; Asks for what nobody offers.
;; expect: build unknown_import
(module
  (import "env" "foo" (func))
  (memory (export "memory") 1)
  (func (export "_start")
    nop))
