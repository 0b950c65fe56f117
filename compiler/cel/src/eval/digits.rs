//! Whole numbers as decimal digits, the most significant first and without leading zeros: zero has none.
//!
//! It knows no signs and no points.

use std::cmp::Ordering;

pub(super) fn length(digits: &[u8]) -> i64 {
    i64::try_from(digits.len()).unwrap_or(i64::MAX)
}

pub(super) fn shown(digits: &[u8]) -> String {
    if digits.is_empty() {
        return "0".to_owned();
    }
    digits.iter().map(|digit| char::from(b'0' + digit)).collect()
}

pub(super) fn trimmed(mut digits: Vec<u8>) -> Vec<u8> {
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    digits.drain(..zeros);
    digits
}

pub(super) fn shifted(digits: &[u8], places: usize) -> Vec<u8> {
    let mut more = digits.to_vec();
    more.resize(digits.len() + places, 0);
    more
}

pub(super) fn compare(left: &[u8], right: &[u8]) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

pub(super) fn plus(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut sum = Vec::with_capacity(left.len().max(right.len()) + 1);
    let (mut left, mut right) = (left.iter().rev(), right.iter().rev());
    let mut carry = 0;
    loop {
        let (one, other) = (left.next(), right.next());
        if one.is_none() && other.is_none() && carry == 0 {
            break;
        }
        let digit = one.unwrap_or(&0) + other.unwrap_or(&0) + carry;
        sum.push(digit % 10);
        carry = digit / 10;
    }
    sum.reverse();
    trimmed(sum)
}

/// `left` is not smaller than `right`.
pub(super) fn minus(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut difference = left.to_vec();
    let mut borrow = 0;
    for (place, digit) in difference.iter_mut().rev().enumerate() {
        let taken = borrow + right.len().checked_sub(place + 1).map_or(0, |at| right[at]);
        borrow = u8::from(*digit < taken);
        *digit = *digit + 10 * borrow - taken;
    }
    trimmed(difference)
}

pub(super) fn times(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut product = vec![0u32; left.len() + right.len()];
    for (at, one) in left.iter().enumerate() {
        for (place, other) in right.iter().enumerate() {
            product[at + place + 1] += u32::from(*one) * u32::from(*other);
        }
    }
    let mut carry = 0;
    for digit in product.iter_mut().rev() {
        let sum = *digit + carry;
        *digit = sum % 10;
        carry = sum / 10;
    }
    trimmed(product.into_iter().map(|digit| u8::try_from(digit).unwrap_or(0)).collect())
}

/// The whole quotient and the rest.
pub(super) fn quotient(left: &[u8], right: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut rest: Vec<u8> = Vec::new();
    let mut digits = Vec::with_capacity(left.len());
    for digit in left {
        rest.push(*digit);
        rest = trimmed(rest);
        let mut count = 0;
        while compare(&rest, right) != Ordering::Less {
            rest = minus(&rest, right);
            count += 1;
        }
        digits.push(count);
    }
    (trimmed(digits), rest)
}
