;; Would share a memory with whoever offers it.
;; expect: build unknown_import
(module
  (import "env" "memory" (memory 1))
  (func (export "_start")
    nop))
