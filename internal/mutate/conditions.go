package main

import (
	"go/ast"
	"go/token"
)

// condition makes a condition true and false, and evaluates it still. The two show
// all that its negation would, and a test that notices either only by luck does
// not hide the other.
func (f *finder) condition(expr ast.Expr) {
	f.replace("condition true", expr, "("+f.text(expr)+") || true")
	f.replace("condition false", expr, "("+f.text(expr)+") && false")
	f.settle(expr)
}

// settle marks a condition, and the parts of one, for which true and false have
// been tried.
func (f *finder) settle(expr ast.Expr) {
	f.settled[expr] = true
	switch expr := expr.(type) {
	case *ast.ParenExpr:
		f.settle(expr.X)
	case *ast.UnaryExpr:
		f.settle(expr.X)
	case *ast.BinaryExpr:
		if expr.Op == token.LAND || expr.Op == token.LOR {
			f.settle(expr.X)
			f.settle(expr.Y)
		}
	}
}

// binary mutates an operator or its operands.
func (f *finder) binary(expr *ast.BinaryExpr) {
	switch expr.Op {
	case token.LAND:
		// An operand that is false makes the whole false, which condition does.
		f.operands("operand true", expr, "true")
	case token.LOR:
		f.operands("operand false", expr, "false")
	case token.LSS:
		f.operator("bound moved", expr, "<=")
	case token.LEQ:
		f.operator("bound moved", expr, "<")
	case token.GTR:
		f.operator("bound moved", expr, ">=")
	case token.GEQ:
		f.operator("bound moved", expr, ">")
	case token.EQL:
		f.negated(expr, "!=")
	case token.NEQ:
		f.negated(expr, "==")
	case token.ADD, token.SUB, token.MUL, token.QUO:
		f.arithmetic(expr)
	default: // arithmetic of bits
	}
}

// operands drops each operand of && or ||. What it uses is still used.
func (f *finder) operands(kind string, expr *ast.BinaryExpr, value string) {
	for _, operand := range []ast.Expr{expr.X, expr.Y} {
		if inner, ok := operand.(*ast.BinaryExpr); ok && inner.Op == expr.Op {
			continue // its operands are dropped in their turn
		}
		with := "(true || " + f.text(operand) + ")"
		if value == "false" {
			with = "(false && (" + f.text(operand) + "))"
		}
		f.replace(kind, operand, with)
	}
}

func (f *finder) negated(expr *ast.BinaryExpr, operator string) {
	if !f.settled[expr] {
		f.operator("comparison negated", expr, operator)
	}
}

// operator replaces the operator. The mutant shows the whole expression.
func (f *finder) operator(kind string, expr *ast.BinaryExpr, operator string) {
	f.replace(kind, expr, f.text(expr.X)+" "+operator+" "+f.text(expr.Y))
	f.unlessZero(expr.X)
	f.unlessZero(expr.Y)
}

// unlessZero leaves alone a zero that is compared with or returned beside an error:
// one in its place is hardly ever a fault of its own.
func (f *finder) unlessZero(expr ast.Expr) {
	if f.text(expr) == "0" {
		f.left[expr] = true
	}
}
