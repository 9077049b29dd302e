;; Asks for the memory that metering asks the host for, to be given one of somebody else.
;; expect: build reserved_name
(module
  (import "$tenon" "memory" (memory 1))
  (export "memory" (memory 0))
  (func (export "_start")))
